using Amazon.KeyManagementService.Model;
using KmsOperator.Api;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>Something that users do, and what is there before it.</summary>
/// <param name="Name">For people.</param>
/// <param name="Prepare">What is there before; without faults.</param>
/// <param name="Act">What the user does.</param>
internal sealed record Flow(string Name, Func<Stage, Task> Prepare, Func<Stage, Task> Act)
{
    private const string Key = "one";
    private static readonly ServiceKeySpec Spec = new() { Service = "s3" };
    private static readonly ServiceKeySpec MultiRegion = new() { Service = "s3", MultiRegion = true, ReplicaRegions = ["eu-west-1"] };

    /// <summary>All flows of the matrix.</summary>
    public static IReadOnlyList<Flow> All { get; } =
    [
        new("create", Nothing, stage => stage.CreateAsync(Key, Spec with { Publish = new PublishSpec { ConfigMapName = "key" } })),
        new("create with replicas", Nothing, stage => stage.CreateAsync(Key, MultiRegion)),
        new(
            "update everything",
            stage => stage.CreateAsync(Key, Spec with { Tags = new Dictionary<string, string> { ["team"] = "a" } }),
            stage => stage.PatchAsync(Key, """{"spec":{"description":"new words","tags":{"team":null,"stage":"b"},"rotation":{"periodDays":90},"access":{"users":["App"]}}}""")),
        new("disable", stage => stage.CreateAsync(Key, Spec), stage => stage.PatchAsync(Key, """{"spec":{"enabled":false}}""")),
        new("enable", stage => stage.CreateAsync(Key, Spec with { Enabled = false }), stage => stage.PatchAsync(Key, """{"spec":{"enabled":true}}""")),
        new("rename", stage => stage.CreateAsync(Key, Spec), stage => stage.PatchAsync(Key, """{"spec":{"alias":"alias/renamed"}}""")),
        new("adopt", AdoptableAsync, stage => stage.CreateAsync(Key, Spec with { Adopt = new AdoptSpec { KeyId = "alias/existing" } })),
        new("rotate on demand", stage => stage.CreateAsync(Key, Spec), stage => stage.AnnotateAsync(Key, "kms.servicekey.dev/rotate-at", "now")),
        new("delete and retain", stage => stage.CreateAsync(Key, Spec), stage => stage.DeleteAsync(Key)),
        new("delete", stage => stage.CreateAsync(Key, Spec with { DeletionPolicy = "Delete" }), stage => stage.DeleteAsync(Key)),
        new("delete with replicas", stage => stage.CreateAsync(Key, MultiRegion with { DeletionPolicy = "Delete" }), stage => stage.DeleteAsync(Key)),
        new("take back from retention", stage => GoneAsync(stage, "Retain"), stage => stage.CreateAsync(Key, Spec)),
        new("cancel the deletion", stage => GoneAsync(stage, "Delete"), stage => stage.CreateAsync(Key, Spec)),
    ];

    public override string ToString() => Name;

    private static Task Nothing(Stage stage) => Task.CompletedTask;

    private static async Task AdoptableAsync(Stage stage)
    {
        using var kms = stage.Kms();
        var key = await kms.CreateKeyAsync(new CreateKeyRequest { Description = "from elsewhere" });
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/existing", TargetKeyId = key.KeyMetadata.KeyId });
    }

    private static async Task GoneAsync(Stage stage, string deletionPolicy)
    {
        await stage.CreateAsync(Key, Spec with { DeletionPolicy = deletionPolicy });
        await stage.SettledAsync();
        await stage.DeleteAsync(Key);
    }
}
