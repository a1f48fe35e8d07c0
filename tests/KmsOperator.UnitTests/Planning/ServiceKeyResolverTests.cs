using KmsOperator.Api;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

/// <summary>What a key becomes of what its resource and its class say, each of which may leave things out.</summary>
public sealed class ServiceKeyResolverTests
{
    private const string Account = "123456789012";
    private static readonly KeyClassSpec Class = new() { Region = "eu-west-1", AliasPrefix = "acme" };
    private static readonly AccessSpec Trusting = new() { TrustedAccounts = ["111122223333"] };

    // The resource, the class, what is looked at of the key, and what that is.
    private static readonly (string Name, ServiceKeySpec Spec, KeyClassSpec Class, Func<DesiredKey, object?> Part, object? Expected)[] Cases =
    [
        ("description of a service's key", new() { Service = "s3" }, Class, key => key.Description, "KMS key for encrypting s3"),
        ("description of a key without a service", new(), Class, key => key.Description, "KMS key team/one"),
        ("own description", new() { Service = "s3", Description = "words" }, Class, key => key.Description, "words"),
        ("alias by the default template", new() { Service = "s3" }, Class, key => key.AliasName, "alias/acme/s3"),
        ("alias by the class's template", new() { Service = "s3" }, Class with { AliasTemplate = "{prefix}/{namespace}/{name}" }, key => key.AliasName, "alias/acme/team/one"),
        ("own alias", new() { Service = "s3", Alias = "alias/own" }, Class with { AliasTemplate = "{prefix}/{namespace}/{name}" }, key => key.AliasName, "alias/own"),
        ("the alias is no additional one", new() { Alias = "alias/own", AdditionalAliases = ["alias/b", "alias/own", "alias/a"] }, Class, key => string.Join(' ', key.AdditionalAliases), "alias/b alias/a"),
        ("deletion by default", new(), Class, Deletion, "Retain 30"),
        ("deletion by the class", new(), Class with { DeletionPolicy = "Delete", PendingDeletionWindowDays = 14 }, Deletion, "Delete 14"),
        ("own deletion policy", new() { DeletionPolicy = "Disable" }, Class with { DeletionPolicy = "Delete", PendingDeletionWindowDays = 14 }, Deletion, "Disable 14"),
        ("own window", new() { PendingDeletionWindowDays = 7 }, Class with { DeletionPolicy = "Delete", PendingDeletionWindowDays = 14 }, Deletion, "Delete 7"),
        ("rotation by default", new(), Class, key => key.Rotation, new DesiredRotation(true, 365)),
        ("rotation by the class", new(), Class with { Rotation = new() { Enabled = false, PeriodDays = 90 } }, key => key.Rotation, new DesiredRotation(false, 90)),
        ("own rotation", new() { Rotation = new() { Enabled = true } }, Class with { Rotation = new() { Enabled = false, PeriodDays = 90 } }, key => key.Rotation, new DesiredRotation(true, 90)),
        ("own period", new() { Rotation = new() { PeriodDays = 180 } }, Class with { Rotation = new() { PeriodDays = 90 } }, key => key.Rotation, new DesiredRotation(true, 180)),
        ("rotation of a signing key", new() { KeySpec = "RSA_2048", KeyUsage = "SIGN_VERIFY" }, Class with { Rotation = new() { PeriodDays = 90 } }, key => key.Rotation, null),
        ("rotation of imported material", new() { Origin = "EXTERNAL" }, Class with { Rotation = new() { PeriodDays = 90 } }, key => key.Rotation, null),
        ("tags of class and resource", new() { Tags = new Dictionary<string, string> { ["team"] = "own", ["a"] = "1" } }, Class with { Tags = new Dictionary<string, string> { ["team"] = "class", ["b"] = "2" } },
            key => string.Join(' ', key.Tags.Where(tag => tag.Key is "team" or "a" or "b").OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}")), "a=1 b=2 team=own"),
        ("enabled by default", new(), Class, key => key.Enabled, true),
        ("disabled", new() { Enabled = false }, Class, key => key.Enabled, false),
        ("one Region by default", new(), Class, key => key.MultiRegion, false),
        ("several Regions", new() { MultiRegion = true }, Class, key => key.MultiRegion, true),
        ("the primary at home", new() { MultiRegion = true, ReplicaRegions = ["eu-central-1"], PrimaryRegion = "eu-west-1" }, Class, key => key.WantedPrimary, new WantedPrimary("eu-west-1", "ServiceKey/team/one")),
        ("the primary elsewhere", new() { MultiRegion = true, ReplicaRegions = ["eu-central-1"], PrimaryRegion = "eu-central-1" }, Class, key => key.WantedPrimary, new WantedPrimary("eu-central-1", "KeyReplica/team/one-eu-central-1")),
        ("the primary left where it is", new() { MultiRegion = true }, Class, key => key.WantedPrimary, null),
        ("observed", new() { ManagementPolicy = "Observe" }, Class, key => key.ObserveOnly, true),
        ("managed", new() { ManagementPolicy = "Full" }, Class, key => key.ObserveOnly, false),
        ("a deletion is undone where the class permits it", new() { DeletionPolicy = "Retain" }, Class with { Permissions = new() { Undelete = "Allow" } }, key => key.Undelete, true),
        ("and only where the resource says that the key must stay", new(), Class with { Permissions = new() { Undelete = "Allow" } }, key => key.Undelete, false),
        ("and not where the class says nothing", new() { DeletionPolicy = "Retain" }, Class, key => key.Undelete, false),
    ];

    public static TheoryData<string> Names => [.. Cases.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_key_is_what_its_resource_says_else_its_class_else_the_default(string name)
    {
        var (_, spec, keyClass, part, expected) = Cases.Single(one => one.Name == name);

        Assert.Equal(expected, part(Resolve(spec, keyClass)));
    }

    // Who lets trusted accounts use the key through the service, and whether they may.
    [Theory]
    [InlineData(null, null, false)]
    [InlineData(false, false, false)]
    [InlineData(true, null, true)]
    [InlineData(null, true, true)]
    [InlineData(false, true, true)]
    [InlineData(true, false, true)]
    public void Trusted_accounts_use_the_key_through_the_service_where_class_or_resource_say_so(bool? byResource, bool? byClass, bool may)
    {
        string PolicyOf(bool? resource, bool? keyClass) => Resolve(
            new() { Service = "s3", Access = Trusting with { CrossAccountViaService = resource } }, Class with { Access = Trusting with { CrossAccountViaService = keyClass } }).Policy.Text;

        Assert.NotEqual(PolicyOf(true, true), PolicyOf(false, false));
        Assert.Equal(PolicyOf(may, may), PolicyOf(byResource, byClass));
    }

    // What the class permits at the edges, and whether it is refused.
    [Theory]
    [InlineData(14, 180, null)]
    [InlineData(13, 180, "guards.minimumPendingDeletionWindowDays: 14")]
    [InlineData(30, 90, null)]
    [InlineData(30, 89, "guards.rotationPeriodDays.minimum: 90")]
    [InlineData(30, 365, null)]
    [InlineData(30, 366, "guards.rotationPeriodDays.maximum: 365")]
    public void A_guard_permits_its_own_limit(int window, int period, string? refusal)
    {
        var keyClass = Class with { Guards = new() { MinimumPendingDeletionWindowDays = 14, RotationPeriodDays = new() { Minimum = 90, Maximum = 365 } } };

        var error = Of(new() { DeletionPolicy = "Delete", PendingDeletionWindowDays = window, Rotation = new() { PeriodDays = period } }, keyClass).Error;

        Assert.Equal(refusal is null, error is null);
        Assert.Contains(refusal ?? "", error?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_guard_of_the_window_is_for_keys_that_are_to_be_deleted() =>
        Assert.Null(Of(new() { DeletionPolicy = "Retain", PendingDeletionWindowDays = 7 }, Class with { Guards = new() { MinimumPendingDeletionWindowDays = 14 } }).Error);

    private static string Deletion(DesiredKey key) => $"{key.DeletionPolicy} {key.PendingDeletionWindowDays}";

    private static DesiredKey Resolve(ServiceKeySpec spec, KeyClassSpec keyClass) => Of(spec, keyClass) is { Value: { } key } ? key : throw new ArgumentException(Of(spec, keyClass).Error!.Message);

    private static Resolved<DesiredKey> Of(ServiceKeySpec spec, KeyClassSpec keyClass) => ServiceKeyResolver.Resolve(
        new ServiceKey { Metadata = new() { Namespace = "team", Name = "one", Uid = "u" }, Spec = spec }, new KeyClass { Metadata = new() { Name = "standard" }, Spec = keyClass }, Account, "cluster");
}
