using KmsOperator.Api;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

/// <summary>Whose key a KeyReplica by ARN may replicate.</summary>
public sealed class PrimaryOwnerTests
{
    private const string Cluster = "cluster";

    // the primary's tag of its owner and of the cluster; the resource that has it by its status; the reason without the class's consent, and with it; why
    public static TheoryData<string?, string?, string?, string?, string?, string> Owners => new()
    {
        { "ServiceKey/team/one", Cluster, null, null, null, "it is the namespace's own" },
        { "ServiceKey/team/one", Cluster, "ServiceKey/team/one", null, null, "tag and status agree" },
        { "ServiceKey/other/one", Cluster, null, "KeyConflict", "KeyConflict", "another namespace has it, and the class cannot give it away" },
        { "ServiceKey/other/one", Cluster, "ServiceKey/team/one", "KeyConflict", "KeyConflict", "a status of the own namespace may be forged" },
        { "ServiceKey/team/one", Cluster, "ServiceKey/other/one", "KeyConflict", "KeyConflict", "another namespace has it by its status" },
        { null, null, "ServiceKey/other/one", "KeyConflict", "KeyConflict", "the tags were taken off another namespace's key" },
        { null, null, "ServiceKey/team/one", "PermissionDenied", null, "the tags were taken off, and the status may be forged" },
        { null, null, null, "PermissionDenied", null, "nobody knows whose it is" },
        { "ServiceKey/team/one", "elsewhere", null, "KeyConflict", null, "it is another cluster's, whatever the namespace is called there" },
        { "ServiceKey/team/one", "elsewhere", "ServiceKey/team/one", "KeyConflict", null, "the same, and a status may be forged" },
    };

    [Theory]
    [MemberData(nameof(Owners))]
    public void A_key_is_replicated_for_its_own_namespace_or_with_the_class_s_consent(string? owner, string? cluster, string? holder, string? without, string? with, string why)
    {
        var replica = new KeyReplica { Metadata = new() { Namespace = "team", Name = "copy" }, Spec = new() { PrimaryKeyArn = "arn:aws:kms:us-east-1:123456789012:key/mrk-1", Region = "eu-west-1" } };
        var tags = new Dictionary<string, string?> { [TagNames.Owner] = owner, [TagNames.Cluster] = cluster }.Where(tag => tag.Value is not null).ToDictionary(tag => tag.Key, tag => tag.Value!);
        var primary = new ObservedKey { KeyId = "mrk-1", Arn = replica.Spec.PrimaryKeyArn!, KeyState = "Enabled", KeySpec = "SYMMETRIC_DEFAULT", KeyUsage = "ENCRYPT_DECRYPT", Tags = tags };

        Assert.True(Reason(new()) == without, why);
        Assert.True(Reason(new() { Adoption = "Allow" }) == with, why);

        string? Reason(PermissionsSpec permissions) =>
            PrimaryChecks.FindForeignOwner(replica, primary, holder, new KeyClass { Metadata = new() { Name = "standard" }, Spec = new() { Permissions = permissions } }, Cluster)?.Reason;
    }
}
