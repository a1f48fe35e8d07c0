using KmsOperator.Api;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>What users do with one key.</summary>
internal static class KeyFlows
{
    private const string Key = "one";
    private static readonly ServiceKeySpec Spec = new() { Service = "s3" };
    private static readonly PublishSpec Published = new() { ConfigMapName = "key" };

    private const string Override =
        """
        {"spec":{"policy":{"override":{"Version":"2012-10-17","Statement":[{"Sid":"All","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}}}}
        """;

    public static IReadOnlyList<Flow> All { get; } =
    [
        new("create", Flow.Nothing, stage => stage.CreateAsync(Key, Spec with { Publish = Published })),
        new(
            "update everything",
            stage => stage.CreateAsync(Key, Spec with { Tags = new Dictionary<string, string> { ["team"] = "a" } }),
            stage => stage.PatchAsync(Key, """{"spec":{"description":"new words","tags":{"team":null,"stage":"b"},"rotation":{"periodDays":90},"access":{"users":["App"]}}}""")),
        new("override the policy", stage => stage.CreateAsync(Key, Spec), stage => stage.PatchAsync(Key, Override)),
        new("disable", stage => stage.CreateAsync(Key, Spec), stage => stage.PatchAsync(Key, """{"spec":{"enabled":false}}""")),
        new("enable", stage => stage.CreateAsync(Key, Spec with { Enabled = false }), stage => stage.PatchAsync(Key, """{"spec":{"enabled":true}}""")),
        new("rename", stage => stage.CreateAsync(Key, Spec with { Publish = Published }), stage => stage.PatchAsync(Key, """{"spec":{"alias":"alias/renamed"}}""")),
        new("publish elsewhere", stage => stage.CreateAsync(Key, Spec with { Publish = Published }), stage => stage.PatchAsync(Key, """{"spec":{"publish":{"configMapName":"other"}}}""")),
        new("rotate on demand", stage => stage.CreateAsync(Key, Spec), stage => stage.AnnotateAsync(Key, AnnotationNames.RotateAt, "now")),
        new("stop rotation", stage => stage.CreateAsync(Key, Spec), stage => stage.PatchAsync(Key, """{"spec":{"rotation":{"enabled":false}}}""")),
        new("delete and retain", stage => stage.CreateAsync(Key, Spec), stage => stage.DeleteAsync(Key)),
        new("delete", stage => stage.CreateAsync(Key, Spec with { DeletionPolicy = "Delete" }), stage => stage.DeleteAsync(Key)),
        new("take back from retention", stage => GoneAsync(stage, "Retain"), stage => stage.CreateAsync(Key, Spec)),
        new("cancel the deletion", stage => GoneAsync(stage, "Delete"), stage => stage.CreateAsync(Key, Spec)),
    ];

    private static async Task GoneAsync(Stage stage, string deletionPolicy)
    {
        await stage.CreateAsync(Key, Spec with { DeletionPolicy = deletionPolicy });
        await stage.SettledAsync();
        await stage.DeleteAsync(Key);
    }
}
