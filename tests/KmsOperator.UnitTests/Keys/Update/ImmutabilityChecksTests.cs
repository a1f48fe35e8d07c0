using KmsOperator.Api;
using KmsOperator.Keys.Update;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Update;

public sealed class ImmutabilityChecksTests
{
    private static readonly KeyStatus WithKey = new() { KeyId = "mrk-1", Arn = "arn:aws:kms:us-east-1:111122223333:key/mrk-1", AccountId = "111122223333", Region = "us-east-1", Service = "s3" };

    // A resource whose attempt is on record has no status yet.
    private static readonly KeyStatus Pending = new() { ObservedGeneration = -1 };
    private static readonly CreateAttempt Attempt = new("a", DateTimeOffset.UnixEpoch) { ClassName = "standard", AccountId = "111122223333", Region = "us-east-1" };

    public static TheoryData<KeyStatus?, string?, string?, string> Services => new()
    {
        { null, "s3", null, "nobody has looked at the resource yet" },
        { Pending, "sqs", null, "there is no key yet" },
        { WithKey, "s3", null, "nothing has changed" },
        { WithKey, "sqs", "InvalidSpec", "the key's policy is for another service" },
        { WithKey, null, "InvalidSpec", "the service was left out" },
        { WithKey with { Service = null }, "s3", "InvalidSpec", "a service was added" },
    };

    [Theory]
    [MemberData(nameof(Services))]
    internal void A_service_stays_once_there_is_a_key(KeyStatus? status, string? service, string? reason, string why) =>
        Assert.True(ImmutabilityChecks.FindServiceChange(Key("one", status, service))?.Reason == reason, why);

    public static TheoryData<KeyStatus?, string, string?, string> Regions => new()
    {
        { null, "eu-west-1", null, "nobody has looked at the resource yet" },
        { new KeyStatus(), "eu-west-1", null, "there is no key, and none is being made" },
        { WithKey, "us-east-1", null, "nothing has changed" },
        { WithKey, "eu-west-1", "InvalidSpec", "the key is in another Region" },
        { Pending, "eu-west-1", "InvalidSpec", "a key may have been made in another Region" },
    };

    [Theory]
    [MemberData(nameof(Regions))]
    internal void A_replica_s_Region_stays_once_a_key_is_being_made(KeyStatus? status, string region, string? reason, string why) =>
        Assert.True(ImmutabilityChecks.FindRegionChange(Replica(status, region))?.Reason == reason, why);

    public static TheoryData<KeyStatus?, KeyStatus?, string?, string> Primaries => new()
    {
        { null, null, null, "neither has a key" },
        { WithKey, WithKey, null, "it is a replica of that key" },
        { WithKey, WithKey with { KeyId = "mrk-2" }, "InvalidSpec", "it is a replica of another key" },
        { WithKey, null, "PrimaryNotReady", "the new primary has no key yet, which may be the same one" },
        { WithKey, new KeyStatus(), "PrimaryNotReady", "the primary's status was lost" },
    };

    [Theory]
    [MemberData(nameof(Primaries))]
    internal void A_replica_stays_with_its_primary(KeyStatus? replica, KeyStatus? primary, string? reason, string why) =>
        Assert.True(ImmutabilityChecks.FindPrimaryChange(Replica(replica, "eu-west-1"), Key("multi", primary, "s3"))?.Reason == reason, why);

    [Theory]
    [InlineData("mrk-1", null, "it is a replica of that key")]
    [InlineData("mrk-2", "InvalidSpec", "it is a replica of another key")]
    public void A_replica_by_ARN_stays_with_its_primary(string primaryKeyId, string? reason, string why) =>
        Assert.True(ImmutabilityChecks.FindPrimaryChange(Replica(WithKey, "eu-west-1"), primaryKeyId)?.Reason == reason, why);

    [Fact]
    public void A_replica_without_key_may_have_any_primary() => Assert.Null(ImmutabilityChecks.FindPrimaryChange(Replica(null, "eu-west-1"), "mrk-2"));

    public static TheoryData<KeyStatus?, string, string, string?, string> Moves => new()
    {
        { null, "111122223333", "us-east-1", null, "nobody has looked at the resource yet" },
        { new KeyStatus(), "999988887777", "eu-west-1", null, "there is no key, and none is being made" },
        { WithKey, "111122223333", "us-east-1", null, "nothing has changed" },
        { WithKey, "999988887777", "us-east-1", "InvalidSpec", "the class names another account" },
        { WithKey, "111122223333", "eu-west-1", "InvalidSpec", "the class names another Region" },
        { Pending, "999988887777", "us-east-1", "InvalidSpec", "a key may have been made in the former account" },
        { WithKey with { AccountId = null, Region = null }, "999988887777", "eu-west-1", null, "where the key is was not recorded" },
    };

    [Theory]
    [MemberData(nameof(Moves))]
    internal void A_key_does_not_move_with_its_class(KeyStatus? status, string accountId, string region, string? reason, string why)
    {
        var keyClass = new KeyClass
        {
            Metadata = new ObjectMeta { Name = "standard" },
            Spec = new KeyClassSpec { Region = region, AliasPrefix = "acme" },
            Status = new KeyClassStatus { AccountId = accountId },
        };
        var found = ImmutabilityChecks.FindMove(Key("one", status, "s3"), keyClass);
        Assert.True(found?.Reason == reason, why);
        Assert.True(found is null || found.Message.Contains("keys do not move", StringComparison.Ordinal), why);
    }

    private static ServiceKey Key(string name, KeyStatus? status, string? service) =>
        new() { Metadata = Metadata(name, status), Spec = new ServiceKeySpec { Service = service }, Status = status };

    private static KeyReplica Replica(KeyStatus? status, string region) =>
        new() { Metadata = Metadata("copy", status), Spec = new KeyReplicaSpec { Region = region }, Status = status };

    private static ObjectMeta Metadata(string name, KeyStatus? status) => ReferenceEquals(status, Pending)
        ? new() { Namespace = "team", Name = name, Finalizers = [ApiGroup.Finalizer], Annotations = Attempt.ToAnnotations() }
        : new() { Namespace = "team", Name = name };
}
