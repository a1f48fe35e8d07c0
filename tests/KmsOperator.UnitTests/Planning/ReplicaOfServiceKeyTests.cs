using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

/// <summary>What a replica takes over from its ServiceKey, and what it must not.</summary>
public sealed class ReplicaOfServiceKeyTests
{
    private const string Account = "123456789012";
    private static readonly JsonElement Document = Json(
        """{"Version":"2012-10-17","Statement":{"Sid":"Theirs","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}}}""");

    private static readonly KeyClass Class = new()
    {
        Metadata = new ObjectMeta { Name = "class" },
        Spec = new KeyClassSpec { Region = "us-east-1", AliasPrefix = "x" },
    };

    private static readonly ServiceKey Primary = new()
    {
        Metadata = new ObjectMeta { Namespace = "team-a", Name = "key", Uid = "p" },
        Spec = new ServiceKeySpec { Service = "s3", MultiRegion = true },
    };

    public static TheoryData<string, string> Refusals => new()
    {
        { "override", "PermissionDenied: spec.policy.override" },
        { "access", "PermissionDenied: spec.access.users" },
        { "statements", "PermissionDenied: spec.policy.additionalStatements" },
        { "invalid spec", "InvalidSpec: spec.rotation.periodDays" },
        { "both", "InvalidSpec: spec.policy: override and additionalStatements exclude each other" },
        { "too large", "PolicyTooLarge" },
        { "principal", "InvalidSpec: spec.access.users[0]" },
        { "partition of a principal", "InvalidSpec: spec.access.users[0]: \"arn:aws-cn:iam::123456789012:role/App\" is of partition aws-cn" },
        { "partition of a replica", "InvalidSpec: spec.replicaRegions: cn-north-1" },
    };

    [Fact]
    public void A_service_that_takes_no_multi_Region_keys_has_no_replicas()
    {
        var error = Resolve(new KeyReplicaSpec(), Primary.Spec with { Service = "mwaa" }, null).Error;

        Assert.Equal((true, Reasons.InvalidSpec), (error?.IsTerminal, error?.Reason));
        Assert.StartsWith("spec.primaryRef.name: ServiceKey key is for service mwaa, which does not work with multi-Region keys", error!.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Refusals))]
    public void What_its_ServiceKey_is_refused_a_replica_does_not_get(string what, string why)
    {
        var (permissions, spec) = what switch
        {
            "override" => (new PermissionsSpec { PolicyOverride = "Deny" }, Primary.Spec with { Policy = new PolicySpec { Override = Document } }),
            "access" => (new PermissionsSpec { AdditionalAccess = "Deny" }, Primary.Spec with { Access = new AccessSpec { Users = ["App"] } }),
            "statements" => (new PermissionsSpec { AdditionalAccess = "Deny" }, Primary.Spec with { Policy = new PolicySpec { AdditionalStatements = [Statement("Own")] } }),
            "invalid spec" => (null, Primary.Spec with { Rotation = new RotationSpec { PeriodDays = 1 } }),
            "both" => (null, Primary.Spec with { Policy = new PolicySpec { Override = Document, AdditionalStatements = [Statement("Own")] } }),
            "too large" => (null, Primary.Spec with { Policy = new PolicySpec { AdditionalStatements = [Statement("Own", new string('x', 33000))] } }),
            "principal" => (null, Primary.Spec with { Access = new AccessSpec { Users = ["arn:aws:iam::123456789012:group/Everyone"] } }),
            "partition of a principal" => (null, Primary.Spec with { Access = new AccessSpec { Users = ["arn:aws-cn:iam::123456789012:role/App"] } }),
            _ => ((PermissionsSpec?)null, Primary.Spec with { ReplicaRegions = ["cn-north-1"] }),
        };

        var error = Resolve(new KeyReplicaSpec(), spec, permissions).Error;

        Assert.Equal((false, Reasons.PrimaryNotReady), (error?.IsTerminal, error?.Reason));
        Assert.StartsWith($"spec.primaryRef.name: ServiceKey key is refused: {why}", error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_Region_key_is_no_primary_whatever_else_is_wrong_with_it()
    {
        var error = Resolve(new KeyReplicaSpec(), new ServiceKeySpec { Rotation = new RotationSpec { PeriodDays = 1 } }).Error;

        Assert.Equal((true, Reasons.NotMultiRegion), (error?.IsTerminal, error?.Reason));
    }

    // primary's override or statements, replica's own override, access, statements; the Sids of the result, or the field of the error; why
    public static TheoryData<string, bool, bool, string?, string, string> Policies => new()
    {
        { "none", false, false, null, "RootAccess ViaService", "generated as the primary's" },
        { "none", false, false, "Own", "RootAccess ViaService Own", "statements extend the generated policy" },
        { "none", false, true, null, "RootAccess Users ViaService", "access is added to the class's" },
        { "none", true, false, null, "Mine", "an override of its own" },
        { "statements", false, false, null, "RootAccess ViaService Theirs", "the primary's statements are inherited" },
        { "statements", false, false, "Own", "RootAccess ViaService Own", "own statements stand in their place" },
        { "statements", true, false, null, "Mine", "an own override has no room for them" },
        { "override", false, false, null, "Theirs", "the primary's document is inherited" },
        { "override", false, false, "Own", "Theirs Own", "own statements are appended to it" },
        { "override", false, false, "Theirs", "spec.policy.additionalStatements[0].Sid", "a Sid stands once in a document" },
        { "override", false, true, null, "RootAccess Users ViaService", "access has a place in a generated policy only" },
        { "override", false, true, "Own", "RootAccess Users ViaService Own", "and so have statements beside it" },
        { "override", true, false, null, "Mine", "an own override wins" },
        { "override", true, true, null, "Mine", "over access too, as on a ServiceKey" },
        { "override", true, false, "Own", "spec.policy.additionalStatements", "an own override says all itself" },
    };

    [Theory, MemberData(nameof(Policies))]
    public void A_replica_s_policy_is_its_own_or_its_primary_s(string theirs, bool ownOverride, bool ownAccess, string? ownSid, string expected, string because)
    {
        var spec = new KeyReplicaSpec
        {
            Access = ownAccess ? new AccessSpec { Users = ["App"] } : null,
            Policy = new PolicySpec
            {
                Override = ownOverride ? Json("""{"Version":"2012-10-17","Statement":[{"Sid":"Mine","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}""") : null,
                AdditionalStatements = ownSid is null ? null : [Statement(ownSid)],
            },
        };
        var primary = theirs switch
        {
            "override" => Primary.Spec with { Policy = new PolicySpec { Override = Document } },
            "statements" => Primary.Spec with { Policy = new PolicySpec { AdditionalStatements = [Statement("Theirs")] } },
            _ => Primary.Spec,
        };

        var resolution = Resolve(spec, primary);

        var actual = resolution.Value is { } key ? Sids(key.Policy.Text) : resolution.Error!.Message.Split(": ")[0];
        Assert.True(expected == actual, $"{because}: {actual}");
        Assert.DoesNotContain("us-east-1", resolution.Value?.Policy.Text ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("p", true, true, "the ServiceKey made it")]
    [InlineData("p", false, false, "an owner, but not the one that manages it")]
    [InlineData("q", true, false, "another resource of the same name")]
    [InlineData(null, false, false, "a person made it, and says so on it")]
    public void A_replica_that_the_ServiceKey_made_observes_with_it(string? owner, bool isController, bool expected, string because)
    {
        var replica = Replica(new KeyReplicaSpec());
        replica = replica with
        {
            Metadata = replica.Metadata with { OwnerReferences = owner is null ? null : [new OwnerReference { Uid = owner, Controller = isController }] },
        };

        var resolution = KeyReplicaResolver.Resolve(replica, Primary with { Spec = Primary.Spec with { ManagementPolicy = "Observe" } }, refusal: null, Class, Account, "c");

        Assert.True(expected == resolution.Value!.ObserveOnly, because);
    }

    [Theory]
    [InlineData("us-east-1", "the primary's own Region")]
    [InlineData("cn-north-1", "in partition aws-cn")]
    [InlineData("us-gov-west-1", "in partition aws-us-gov")]
    [InlineData("us-isob-east-1", "in partition aws-iso-b")]
    public void A_replica_is_in_another_Region_of_the_same_partition(string region, string message)
    {
        var error = Resolve(new KeyReplicaSpec { Region = region }, Primary.Spec).Error;

        Assert.Equal(Reasons.InvalidSpec, error?.Reason);
        Assert.StartsWith("spec.region: ", error!.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_alias_is_blamed_on_the_template_where_the_user_wrote_no_alias()
    {
        var key = Primary with { Metadata = Primary.Metadata with { Name = "a.b" }, Spec = new ServiceKeySpec() };

        var message = ServiceKeyResolver.Resolve(key, Class, Account, "c").Error!.Message;

        Assert.StartsWith("KeyClass class spec.aliasTemplate: alias/x/a.b: ", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("us-iso-east-1", "s3", false, "nobody said what services are called there")]
    [InlineData("us-iso-east-1", "session", true, "names no service")]
    [InlineData("us-iso-east-1", null, true, "the common statements name principals only")]
    [InlineData("cn-north-1", "s3", true, "amazonaws.com stands for services there too")]
    public void A_policy_that_names_services_is_generated_only_where_their_names_are_known(string region, string? service, bool expected, string because)
    {
        var resolution = ServiceKeyResolver.Resolve(
            Primary with { Spec = new ServiceKeySpec { Service = service } }, Class with { Spec = Class.Spec with { Region = region } }, Account, "c");

        Assert.True(expected == resolution.Error is null, $"{because}: {resolution.Error?.Message}");
        if (expected && region == "us-iso-east-1") Assert.Contains("arn:aws-iso:iam::", resolution.Value!.Policy.Text, StringComparison.Ordinal);
    }

    private static Resolved<DesiredKey> Resolve(KeyReplicaSpec spec, ServiceKeySpec primary, PermissionsSpec? permissions = null)
    {
        var key = Primary with { Spec = primary };
        var keyClass = Class with { Spec = Class.Spec with { Permissions = permissions } };
        return KeyReplicaResolver.Resolve(Replica(spec), key, PrimaryChecks.FindRefusal(key, keyClass, Account, "c"), keyClass, Account, "c");
    }

    private static KeyReplica Replica(KeyReplicaSpec spec) => new()
    {
        Metadata = new ObjectMeta { Namespace = "team-a", Name = "copy", Uid = "r" },
        Spec = spec with { PrimaryRef = new PrimaryRef { Name = "key" }, Region = spec.Region.Length == 0 ? "eu-west-1" : spec.Region },
    };

    private static JsonElement Statement(string sid, string resource = "*") =>
        Json($$"""{"Sid":"{{sid}}","Effect":"Allow","Principal":"*","Action":"kms:DescribeKey","Resource":"{{resource}}"}""");

    private static string Sids(string policy)
    {
        var statements = Json(policy).GetProperty("Statement");
        return string.Join(' ', (statements.ValueKind == JsonValueKind.Array ? statements.EnumerateArray() : new[] { statements }.AsEnumerable()).Select(statement => statement.GetProperty("Sid").GetString()));
    }

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
