using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;

namespace KmsOperator.Testing.Flows;

/// <summary>What becomes of a multi-Region key when its primary moves to another Region, by its spec or by hand.</summary>
internal static class PrimaryFlows
{
    private const string Key = "one";
    private const string Home = "us-east-1";
    private const string Region = "eu-west-1";
    private const string Third = "us-west-2";

    private static readonly ServiceKeySpec Spec = new()
    {
        Service = "s3",
        MultiRegion = true,
        ReplicaRegions = [Region],
        Publish = new PublishSpec { ConfigMapName = "key" },
    };

    public static IReadOnlyList<Flow> All { get; } =
    [
        new("create with the primary elsewhere", Flow.Nothing, user => user.CreateAsync(Key, Spec with { PrimaryRegion = Region })),
        new("move the primary", user => user.CreateAsync(Key, Spec), user => MoveAsync(user, Region)),
        new("move the primary back", user => user.CreateAsync(Key, Spec with { PrimaryRegion = Region }), user => MoveAsync(user, Home)),
        new(
            "move the primary on",
            user => user.CreateAsync(Key, Spec with { ReplicaRegions = [Region, Third], PrimaryRegion = Region }),
            user => MoveAsync(user, Third)),
        new("move the primary by hand", user => user.CreateAsync(Key, Spec), MoveByHandAsync),
        new("move the primary by hand against the spec", user => user.CreateAsync(Key, Spec with { PrimaryRegion = Home }), MoveByHandAsync),
        new(
            "rotate and add a replica after a move",
            user => user.CreateAsync(Key, Spec with { PrimaryRegion = Region }),
            async user =>
            {
                await user.AnnotateAsync(Key, AnnotationNames.RotateAt, "now");
                await user.PatchAsync(Key, """{"spec":{"replicaRegions":["eu-west-1","us-west-2"],"rotation":{"periodDays":90}}}""");
            }),
        new(
            "move the primary back and remove the replica",
            user => user.CreateAsync(Key, Spec with { PrimaryRegion = Region, DeletionPolicy = "Delete" }),
            user => user.PatchAsync(Key, """{"spec":{"primaryRegion":"us-east-1","replicaRegions":[]}}""")),
        new(
            "delete after a move",
            user => user.CreateAsync(Key, Spec with { ReplicaRegions = [Region, Third], PrimaryRegion = Region, DeletionPolicy = "Delete" }),
            user => user.DeleteAsync(Key)),
    ];

    private static Task MoveAsync(FlowUser user, string region) => user.PatchAsync(Key, $$$"""{"spec":{"primaryRegion":"{{{region}}}"}}""");

    private static async Task MoveByHandAsync(FlowUser user)
    {
        var id = (await user.GetAsync(Key))!.Status!.KeyId;
        await user.Kms(Home).UpdatePrimaryRegionAsync(new UpdatePrimaryRegionRequest { KeyId = id, PrimaryRegion = Region });
        foreach (var region in (string[])[Home, Region])
        {
            await user.UntilAsync(
                async () => (await user.Kms(region).DescribeKeyAsync(id)).KeyMetadata.KeyState == KeyState.Enabled, () => $"The key in {region} is not Enabled.");
        }

        await user.LookAsync(Key);
    }
}
