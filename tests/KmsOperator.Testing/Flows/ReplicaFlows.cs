using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;

namespace KmsOperator.Testing.Flows;

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
        new("create with replicas", Flow.Nothing, user => user.CreateAsync(Key, WithReplica)),
        new("add a replica", user => user.CreateAsync(Key, Primary), user => user.PatchAsync(Key, """{"spec":{"replicaRegions":["eu-west-1"]}}""")),
        new(
            "remove a replica",
            user => user.CreateAsync(Key, WithReplica with { DeletionPolicy = "Delete" }),
            user => user.PatchAsync(Key, """{"spec":{"replicaRegions":[]}}""")),
        new(
            "update a replica",
            async user =>
            {
                await user.CreateAsync(Key, Primary);
                await user.CreateAsync(Copy, OfPrimary with { Tags = new Dictionary<string, string> { ["team"] = "a" } });
            },
            user => user.PatchReplicaAsync(Copy, """{"spec":{"alias":"alias/copy","tags":{"team":null,"stage":"b"},"access":{"users":["App"]},"publish":{"configMapName":"copy"}}}""")),
        new("adopt a replica", ForeignReplicaAsync, async user =>
            await user.CreateAsync(Copy, OfPrimary with { Adopt = new AdoptSpec { KeyId = (await user.GetAsync(Key))!.Status!.KeyId! } })),
        new("replicate a foreign primary", Flow.Nothing, async user => await user.CreateAsync(
            Copy, new KeyReplicaSpec { PrimaryKeyArn = await ForeignPrimaryAsync(user), ClassName = user.ClassName, Region = Region })),
        new("delete with replicas", user => user.CreateAsync(Key, WithReplica with { DeletionPolicy = "Delete" }), user => user.DeleteAsync(Key)),
        new("retain with replicas", user => user.CreateAsync(Key, WithReplica), user => user.DeleteAsync(Key)),
    ];

    private static async Task ForeignReplicaAsync(FlowUser user)
    {
        await user.CreateAsync(Key, Primary);
        await user.SettledAsync();
        var kms = user.Kms();
        var id = (await user.GetAsync(Key))!.Status!.KeyId;
        await kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = Region, Description = "from elsewhere" });
        var there = user.Kms(Region);
        await user.UntilAsync(
            async () => (await there.DescribeKeyAsync(id)).KeyMetadata.KeyState == KeyState.Enabled, () => "The replica is not Enabled.");
    }

    private static async Task<string> ForeignPrimaryAsync(FlowUser user)
    {
        var kms = user.Kms();
        var key = (await kms.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyMetadata;
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/foreign", TargetKeyId = key.KeyId });
        return key.Arn;
    }
}
