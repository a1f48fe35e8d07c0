using KmsOperator.Api;

namespace KmsOperator.Testing.Flows;

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
        new("create", Flow.Nothing, user => user.CreateAsync(Key, Spec with { Publish = Published })),
        new(
            "update everything",
            user => user.CreateAsync(Key, Spec with { Tags = new Dictionary<string, string> { ["team"] = "a" } }),
            user => user.PatchAsync(Key, """{"spec":{"description":"new words","tags":{"team":null,"stage":"b"},"rotation":{"periodDays":90},"access":{"users":["App"]}}}""")),
        new("override the policy", user => user.CreateAsync(Key, Spec), user => user.PatchAsync(Key, Override)),
        new("disable", user => user.CreateAsync(Key, Spec), user => user.PatchAsync(Key, """{"spec":{"enabled":false}}""")),
        new("enable", user => user.CreateAsync(Key, Spec with { Enabled = false }), user => user.PatchAsync(Key, """{"spec":{"enabled":true}}""")),
        new("rename", user => user.CreateAsync(Key, Spec with { Publish = Published }), user => user.PatchAsync(Key, """{"spec":{"alias":"alias/renamed"}}""")),
        new(
            "change additional aliases",
            user => user.CreateAsync(Key, Spec with { AdditionalAliases = ["alias/a", "alias/b"] }),
            user => user.PatchAsync(Key, """{"spec":{"additionalAliases":["alias/b","alias/c"]}}""")),
        new("create with grants", Flow.Nothing, user => user.CreateAsync(Key, Spec with { Grants = [Grant("a", "App", "Decrypt"), Grant("b", "Other", "Encrypt")] })),
        new(
            "change grants",
            user => user.CreateAsync(Key, Spec with { Grants = [Grant("a", "App", "Decrypt"), Grant("b", "Other", "Encrypt")] }),
            user => user.PatchAsync(Key, """{"spec":{"grants":[{"name":"b","granteePrincipal":"Other","operations":["Encrypt","DescribeKey"]},{"name":"c","granteePrincipal":"App","operations":["Encrypt"]}]}}""")),
        new("remove the grants", user => user.CreateAsync(Key, Spec with { Grants = [Grant("a", "App", "Decrypt")] }), user => user.PatchAsync(Key, """{"spec":{"grants":null}}""")),
        new("publish elsewhere", user => user.CreateAsync(Key, Spec with { Publish = Published }), user => user.PatchAsync(Key, """{"spec":{"publish":{"configMapName":"other"}}}""")),
        new("rotate on demand", user => user.CreateAsync(Key, Spec), user => user.AnnotateAsync(Key, AnnotationNames.RotateAt, "now")),
        new("stop rotation", user => user.CreateAsync(Key, Spec), user => user.PatchAsync(Key, """{"spec":{"rotation":{"enabled":false}}}""")),
        new("delete and retain", user => user.CreateAsync(Key, Spec), user => user.DeleteAsync(Key)),
        new("delete and disable", user => user.CreateAsync(Key, Spec with { DeletionPolicy = "Disable" }), user => user.DeleteAsync(Key)),
        new("delete", user => user.CreateAsync(Key, Spec with { DeletionPolicy = "Delete" }), user => user.DeleteAsync(Key)),
        new("take back from retention", user => GoneAsync(user, "Retain"), user => user.CreateAsync(Key, Spec)),
        new("take back what was disabled", user => GoneAsync(user, "Disable"), user => user.CreateAsync(Key, Spec)),
        new("cancel the deletion", user => GoneAsync(user, "Delete"), user => user.CreateAsync(Key, Spec)),
    ];

    private static GrantSpec Grant(string name, string grantee, string operation) => new() { Name = name, GranteePrincipal = grantee, Operations = [operation] };

    private static async Task GoneAsync(FlowUser user, string deletionPolicy)
    {
        await user.CreateAsync(Key, Spec with { DeletionPolicy = deletionPolicy });
        await user.SettledAsync();
        await user.DeleteAsync(Key);
    }
}
