using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.IntegrationTests.ControlPlane;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>What users do with a key and its replicas.</summary>
internal static class ReplicaFlows
{
    private const string Key = "one";
    private const string Copy = "copy";
    private const string Region = "eu-west-1";
    private static readonly ServiceKeySpec Primary = new() { Service = "s3", MultiRegion = true };
    private static readonly ServiceKeySpec WithReplica = Primary with { ReplicaRegions = [Region] };
    private static readonly KeyReplicaSpec OfPrimary = new() { PrimaryRef = new PrimaryRef { Name = Key }, Region = Region };

    public static IReadOnlyList<Flow> All { get; } =
    [
        new("create with replicas", Flow.Nothing, stage => stage.CreateAsync(Key, WithReplica)),
        new("add a replica", stage => stage.CreateAsync(Key, Primary), stage => stage.PatchAsync(Key, """{"spec":{"replicaRegions":["eu-west-1"]}}""")),
        new(
            "remove a replica",
            stage => stage.CreateAsync(Key, WithReplica with { DeletionPolicy = "Delete" }),
            stage => stage.PatchAsync(Key, """{"spec":{"replicaRegions":[]}}""")),
        new(
            "update a replica",
            async stage =>
            {
                await stage.CreateAsync(Key, Primary);
                await stage.CreateAsync(Copy, OfPrimary with { Tags = new Dictionary<string, string> { ["team"] = "a" } });
            },
            stage => stage.PatchReplicaAsync(Copy, """{"spec":{"alias":"alias/copy","tags":{"team":null,"stage":"b"},"access":{"users":["App"]},"publish":{"configMapName":"copy"}}}""")),
        new("adopt a replica", ForeignReplicaAsync, async stage =>
            await stage.CreateAsync(Copy, OfPrimary with { Adopt = new AdoptSpec { KeyId = (await stage.GetAsync(Key))!.Status!.KeyId! } })),
        new("replicate a foreign primary", Flow.Nothing, async stage => await stage.CreateAsync(
            Copy, new KeyReplicaSpec { PrimaryKeyArn = await ForeignPrimaryAsync(stage), ClassName = stage.ClassName, Region = Region })),
        new("delete with replicas", stage => stage.CreateAsync(Key, WithReplica with { DeletionPolicy = "Delete" }), stage => stage.DeleteAsync(Key)),
        new("retain with replicas", stage => stage.CreateAsync(Key, WithReplica), stage => stage.DeleteAsync(Key)),
    ];

    private static async Task ForeignReplicaAsync(Stage stage)
    {
        await stage.CreateAsync(Key, Primary);
        await stage.SettledAsync();
        using var kms = stage.Kms();
        var id = (await stage.GetAsync(Key))!.Status!.KeyId;
        await kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = Region, Description = "from elsewhere" });
        using var there = stage.Kms(Region);
        await Eventually.TrueAsync(
            async () => (await there.DescribeKeyAsync(id)).KeyMetadata.KeyState == KeyState.Enabled, () => "The replica is not Enabled.");
    }

    private static async Task<string> ForeignPrimaryAsync(Stage stage)
    {
        using var kms = stage.Kms();
        var key = (await kms.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyMetadata;
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/foreign", TargetKeyId = key.KeyId });
        return key.Arn;
    }
}
