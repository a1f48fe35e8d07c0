using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using KmsOperator.Api;
using KmsOperator.Importing;
using KmsOperator.Importing.Drafting;
using KmsOperator.Manifests;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Importing.Drafting;

/// <summary>What the operator itself has made of manifests, <c>import</c> says by such manifests again.</summary>
public sealed class PolicyRoundTripTests
{
    private const string Account = "123456789012";
    private const string Region = "us-east-1";
    private const string Far = "eu-west-1";

    private static readonly Gen<string[]?> Principals = Gen.OneOf(
        "App", "Admin", "team/Reader", "arn:aws:iam::123456789012:user/ci", "arn:aws:iam::444455556666:role/Partner", "arn:aws:iam::444455556666:root",
        "arn:aws:sts::123456789012:assumed-role/App/session").Array[0, 3].Select(names => names.Length == 0 ? null : names.Distinct().ToArray());

    private static readonly Gen<(string KeySpec, string KeyUsage)> Usages = Gen.Frequency(
        (4, Gen.Const(("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"))), (1, Gen.Const(("RSA_2048", "ENCRYPT_DECRYPT"))), (1, Gen.Const(("ECC_NIST_P256", "SIGN_VERIFY"))),
        (1, Gen.Const(("HMAC_256", "GENERATE_VERIFY_MAC"))), (1, Gen.Const(("ECC_NIST_P256", "KEY_AGREEMENT"))));

    private static readonly Gen<GuardsSpec> Guards =
        from inUse in Gen.OneOf<int?>(null, 1, 30, 3650)
        from window in Gen.OneOf<int?>(null, 7, 14, 30)
        from minimum in Gen.OneOf<int?>(null, 90, 180)
        from maximum in Gen.OneOf<int?>(null, 180, 2560)
        from organization in Gen.OneOf<string?>(null, "o-a1b2c3d4e5")
        select new GuardsSpec
        {
            KeepKeysInUse = inUse is null ? null : new KeepKeysInUseSpec { Days = inUse },
            MinimumPendingDeletionWindowDays = window,
            RotationPeriodDays = minimum is null && maximum is null ? null : new RotationPeriodLimitsSpec { Minimum = minimum, Maximum = maximum },
            OnlyOrganization = organization,
        };

    private static readonly Gen<KeyClass> Classes =
        from guards in Gen.OneOf(Gen.Const((GuardsSpec?)null), Guards.Select(guards => (GuardsSpec?)guards))
        from access in AccessFor(null)
        from preset in Gen.OneOf<string?>(null, "Canonical", "Scoped")
        select new KeyClass
        {
            Metadata = new ObjectMeta { Name = "c" },
            Spec = new KeyClassSpec
            {
                Region = Region,
                AliasPrefix = "acme",
                PolicyPreset = preset,
                Access = access,
                Guards = guards,
                Rotation = new RotationSpec { Enabled = true, PeriodDays = 180 },
            },
        };

    [Fact]
    public void A_policy_that_manifests_with_service_preset_access_and_guards_give_comes_over_as_such_manifests() => (
        from keyClass in Classes
        from keys in Keys(multiRegion: false).Array[1, 3]
        select (keyClass, keys)).Sample(given =>
    {
        var foreign = given.keys.Select((key, id) => Foreign(key, id, given.keyClass)).ToArray();

        var draft = ImportDrafting.Draft(new ForeignKeys { Keys = foreign }, "team");

        Assert.Empty(draft.Left);
        var keyClass = Assert.Single(draft.Classes);
        foreach (var key in draft.Keys)
        {
            var spec = ((ServiceKey)key.Draft.Resource).Spec;
            var context = $"{key.Policy}; {string.Join("; ", key.Notes)}; {key.Draft.Yaml}";
            Assert.True(spec.Policy is not ({ Override: not null } or { AdditionalStatements: not null }), context);
            var read = (ServiceKey)ManifestLoader.Parse("key", key.Draft.Yaml).Resources.Single().Resource;
            var again = ServiceKeyResolver.Resolve(read, keyClass, Account, "").Value!;
            Assert.True(PolicyComparer.AreEquivalent(key.Foreign.Policy!, again.Policy.Text), context);
        }
    }, iter: 50);

    [Fact]
    public void A_replica_s_policy_that_manifests_give_comes_over_without_an_override() => (
        from keyClass in Classes
        from primary in Keys(multiRegion: true)
        from access in Gen.OneOf(Gen.Const((AccessSpec?)null), AccessFor(primary.Spec.KeyUsage))
        from preset in Gen.OneOf<string?>(null, "Canonical", "Scoped")
        from statements in Gen.OneOf<string?>(null, "", "far", "near")
        from ofPrimary in Gen.OneOf<string?>(null, "near")
        select (keyClass, Primary: primary with { Spec = primary.Spec with { Policy = primary.Spec.Policy! with { AdditionalStatements = Statements(ofPrimary) } } },
            Replica: new KeyReplica
            {
                Metadata = new ObjectMeta { Name = "r", Namespace = "team" },
                Spec = new KeyReplicaSpec
                {
                    PrimaryRef = new PrimaryRef { Name = "k" },
                    Region = Far,
                    Access = access,
                    Policy = preset is null && statements is null ? null : new PolicySpec { Preset = preset, AdditionalStatements = Statements(statements) },
                },
            })).Sample(given =>
    {
        var primary = Foreign(given.Primary, 0, given.keyClass);
        var desired = DraftCheck.Resolve(given.Replica, primary, given.keyClass, given.Primary);
        Assert.True(desired.Error is null, desired.Error?.Message);
        var replica = primary with
        {
            Arn = primary.Arn.Replace(Region, Far, StringComparison.Ordinal),
            PrimaryArn = primary.Arn,
            Policy = desired.Value!.Policy.Text,
            Rotation = null,
        };

        var draft = ImportDrafting.Draft(new ForeignKeys { Keys = [primary, replica] }, "team");

        Assert.Empty(draft.Left);
        var drafted = draft.Keys[1];
        Assert.True(drafted.Draft.KeepsPolicy, drafted.Policy);
        Assert.True(((KeyReplica)drafted.Draft.Resource).Spec.Policy?.Override is null, $"{drafted.Policy}; {string.Join("; ", drafted.Notes)}; {draft.Keys[0].Draft.Yaml}; {drafted.Draft.Yaml}");
    }, iter: 40);

    private static Gen<ServiceKey> Keys(bool multiRegion) =>
        from usage in Usages
        from service in Gen.OneOf([null, .. ServiceCatalogue.Services.Values.Where(row => Fits(row.Limits, usage, multiRegion)).Select(row => row.Name)])
        from access in AccessFor(usage.KeyUsage)
        from preset in Gen.OneOf<string?>(null, "Canonical", "Scoped")
        from hasParameters in Gen.Bool
        let parameter = service is not null && hasParameters && PolicyFittingTests.Parameters.TryGetValue(service, out var found) ? found : default((string Field, string Value)?)
        select new ServiceKey
        {
            Metadata = new ObjectMeta { Name = "k", Namespace = "team" },
            Spec = new ServiceKeySpec
            {
                ClassName = "c",
                Service = service,
                ServiceParameters = parameter is not var (field, value) ? null
                    : new JsonObject { [field] = new JsonArray(value) }.Deserialize(ApiJsonContext.Default.ServiceParametersSpec),
                KeySpec = usage.KeySpec,
                KeyUsage = usage.KeyUsage,
                MultiRegion = multiRegion,
                Access = access,
                Policy = new PolicySpec { Preset = preset },
            },
        };

    /// <summary>Access that a key of a usage can have; any for a class, which serves keys of all usages.</summary>
    private static Gen<AccessSpec?> AccessFor(string? usage) =>
        from administrators in Principals
        from users in Principals
        from first in Principals
        from second in Principals
        from trusted in Gen.OneOf("444455556666", "777788889999").Array[0, 2].Select(ids => ids.Length == 0 ? null : ids.Distinct().ToArray())
        from through in Gen.OneOf<bool?>(null, true)
        let isAll = usage is null
        select new AccessSpec
        {
            Administrators = administrators,
            Users = users,
            Encrypters = isAll || usage == "ENCRYPT_DECRYPT" ? first : null,
            Decrypters = isAll || usage == "ENCRYPT_DECRYPT" ? second : null,
            Signers = isAll || usage == "SIGN_VERIFY" ? first : null,
            Verifiers = isAll || usage == "SIGN_VERIFY" ? second : null,
            MacGenerators = isAll || usage == "GENERATE_VERIFY_MAC" ? first : null,
            MacVerifiers = isAll || usage == "GENERATE_VERIFY_MAC" ? second : null,
            TrustedAccounts = trusted,
            CrossAccountViaService = through,
        };

    private static bool Fits(ServiceLimits limits, (string KeySpec, string KeyUsage) usage, bool multiRegion) =>
        (limits.KeySpec, limits.KeyUsage) == usage && !(multiRegion && limits.SingleRegionOnly) && limits.Region is null or Region && !limits.NoAlias;

    private static ForeignKey Foreign(ServiceKey key, int id, KeyClass keyClass)
    {
        var desired = ServiceKeyResolver.Resolve(key, keyClass, Account, "");
        Assert.True(desired.Error is null, desired.Error?.Message);
        return new ForeignKey
        {
            Arn = $"arn:aws:kms:{Region}:{Account}:key/00000000-0000-0000-0000-{id:000000000000}",
            ServiceHint = key.Spec.Service,
            Aliases = [$"alias/acme/{id}"],
            KeySpec = key.Spec.KeySpec!,
            KeyUsage = key.Spec.KeyUsage!,
            MultiRegion = key.Spec.MultiRegion!.Value,
            Rotation = desired.Value!.Rotation is { } rotation ? new ForeignRotation(rotation.Enabled, rotation.PeriodDays) : null,
            Policy = desired.Value.Policy.Text,
        };
    }

    private static JsonElement[]? Statements(string? what) => what switch
    {
        null => null,
        "" => [],
        _ => [JsonElement.Parse($$$"""{"Sid":"{{{what}}}","Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.{{{(what == "far" ? Far : Region)}}}.amazonaws.com"} } }""")],
    };
}
