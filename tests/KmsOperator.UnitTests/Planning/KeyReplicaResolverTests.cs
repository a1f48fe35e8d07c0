using KmsOperator.Api;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

public sealed class KeyReplicaResolverTests
{
    private const string Account = "123456789012";
    private const string Cluster = "mine";

    // owner tag, cluster tag, holder by status, the class's permissions.adoption, why a replica is refused or null where it may be made, why that is so
    public static TheoryData<string?, string?, string?, string, string?, string> Primaries => new()
    {
        { null, null, null, "Allow", null, "a primary that nobody manages here is what primaryKeyArn is for, and the class consents" },
        { null, null, null, "Deny", Reasons.PermissionDenied, "the owner tag may have been taken off" },
        { null, null, "ServiceKey/team-b/key", "Allow", Reasons.KeyConflict, "it was taken off: another namespace's resource has the key" },
        { null, null, "ServiceKey/team-a/key", "Deny", Reasons.PermissionDenied, "it was taken off, and the status of the own namespace may be forged" },
        { null, null, "ServiceKey/team-a/key", "Allow", null, "the class consents to keys of which nothing proves whose they are" },
        { "ServiceKey/team-a/key", Cluster, "ServiceKey/team-b/key", "Allow", Reasons.KeyConflict, "it was changed" },
        { "ServiceKey/team-b/key", Cluster, "ServiceKey/team-a/key", "Allow", Reasons.KeyConflict, "the status of the own namespace may be forged" },
        { "ServiceKey/team-a/key", Cluster, null, "Deny", null, "the namespace's own key" },
        { "ServiceKey/team-a/key", Cluster, "ServiceKey/team-a/key", "Deny", null, "tag and status agree" },
        { "ServiceKey/team-b/key", Cluster, null, "Deny", Reasons.KeyConflict, "a replica has a policy of its own, and the key material of another team" },
        { "ServiceKey/team-b/key", Cluster, null, "Allow", Reasons.KeyConflict, "no class can give away another namespace's key" },
        { "ServiceKey/team-a-b/key", Cluster, null, "Deny", Reasons.KeyConflict, "a longer name is another namespace" },
        { "ServiceKey/team-a/key", "theirs", null, "Deny", Reasons.KeyConflict, "another cluster's namespace of the same name is somebody else's" },
        { "ServiceKey/team-a/key", "theirs", "ServiceKey/team-a/key", "Deny", Reasons.KeyConflict, "the same, whatever a status says" },
        { "ServiceKey/team-a/key", "theirs", null, "Allow", null, "the class's owner consents to keys of elsewhere" },
        { "nonsense", Cluster, null, "Allow", Reasons.KeyConflict, "an owner that cannot be read is not this one" },
    };

    [Theory]
    [MemberData(nameof(Primaries))]
    public void A_primary_that_another_owns_is_not_replicated(string? owner, string? cluster, string? holder, string adoption, string? refusal, string why)
    {
        var tags = new Dictionary<string, string>();
        if (owner is not null)
        {
            tags[TagNames.Owner] = owner;
            tags[TagNames.Cluster] = cluster!;
        }

        var error = KeyReplicaResolver.Resolve(Replica(null), Primary(tags), "alias/theirs", holder, Class(adoption), Account, Cluster).Error;

        Assert.True(error?.Reason == refusal, $"{why}: {error?.Message}");
        if (refusal is not null)
            Assert.Contains(refusal == Reasons.PermissionDenied ? "permissions.adoption: Allow" : holder == "ServiceKey/team-b/key" ? holder : owner!, error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_replica_that_exists_is_kept_whoever_owns_its_primary_now()
    {
        var tags = new Dictionary<string, string> { [TagNames.Owner] = "ServiceKey/team-b/key", [TagNames.Cluster] = Cluster };

        Assert.Null(KeyReplicaResolver.Resolve(Replica("mrk-1"), Primary(tags), "alias/theirs", null, Class("Deny"), Account, Cluster).Error);
    }

    [Theory]
    [InlineData("Retain", "Allow", true, "the replica says that its key must stay, and the class permits it")]
    [InlineData("Retain", "Deny", false, "the class does not permit it")]
    [InlineData("Delete", "Allow", false, "the replica does not ask for it")]
    [InlineData(null, "Allow", false, "only the resource itself can ask for it")]
    public void Somebody_else_s_deletion_of_a_replica_is_cancelled_only_where_replica_and_class_say_so(string? deletionPolicy, string undelete, bool isCancelled, string why)
    {
        var replica = Replica("mrk-1");
        replica = replica with { Spec = replica.Spec with { DeletionPolicy = deletionPolicy } };
        var keyClass = Class("Allow");
        keyClass = keyClass with { Spec = keyClass.Spec with { DeletionPolicy = "Retain", Permissions = keyClass.Spec.Permissions! with { Undelete = undelete } } };

        var resolution = KeyReplicaResolver.Resolve(replica, Primary([]), "alias/theirs", null, keyClass, Account, Cluster);

        Assert.True(resolution.Value!.Undelete == isCancelled, why);
    }

    private static KeyReplica Replica(string? keyId) => new()
    {
        Metadata = new ObjectMeta { Namespace = "team-a", Name = "copy", Uid = "u" },
        Spec = new KeyReplicaSpec { PrimaryKeyArn = $"arn:aws:kms:us-east-1:{Account}:key/mrk-1", Region = "eu-west-1" },
        Status = keyId is null ? null : new KeyStatus { KeyId = keyId },
    };

    private static KeyClass Class(string adoption) => new()
    {
        Metadata = new ObjectMeta { Name = "class" },
        Spec = new KeyClassSpec { Region = "us-east-1", AliasPrefix = "x", Permissions = new PermissionsSpec { Adoption = adoption } },
    };

    private static ObservedKey Primary(Dictionary<string, string> tags) => new()
    {
        KeyId = "mrk-1",
        Arn = $"arn:aws:kms:us-east-1:{Account}:key/mrk-1",
        KeyState = KeyStates.Enabled,
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        MultiRegionKeyType = "PRIMARY",
        PrimaryRegion = "us-east-1",
        Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}""",
        Tags = tags,
    };
}
