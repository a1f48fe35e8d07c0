using CsCheck;
using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

public sealed class MaterialPlanningTests
{
    private const string One = "id-1";
    private const string Two = "id-2";
    private static readonly DateTimeOffset End = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly SecretVersion Version = new("uid", "1");
    private static readonly SecretVersion Newer = new("uid", "2");
    private static readonly DesiredMaterial Wanted = new("secret", null, null);
    private static readonly ReconcileError Missing = ReconcileError.Transient(Reasons.Progressing, "no Secret");

    // what is so; what is planned; why
    public static TheoryData<string, string, string> Cases => new()
    {
        { "new", "ImportKeyMaterial", "nothing was imported yet" },
        { "as described", "", "nothing differs" },
        { "another version", "ImportKeyMaterial", "the Secret may have other material" },
        { "another secret", "ImportKeyMaterial", "the spec names another Secret" },
        { "another entry", "ImportKeyMaterial", "the spec names another entry" },
        { "not read", "", "a plan that reads no Secret takes it for unchanged" },
        { "deleted", "ImportKeyMaterial", "somebody deleted it, or it has expired" },
        { "validity", "ImportKeyMaterial", "it is to be valid for another time" },
        { "secret gone", "", "it is not needed any more" },
        { "secret gone, material too", "!Progressing", "it is needed, and not there" },
        { "pending", "RotateKeyOnDemand", "new material becomes the current one" },
        { "pending, disabled", "", "KMS rotates no disabled key" },
        { "pending elsewhere", "!Progressing", "a replica lacks it" },
        { "pending, replica", "", "the primary rotates" },
        { "pending, newer secret", "RotateKeyOnDemand,ImportKeyMaterial", "one after the other: KMS keeps one in waiting" },
        { "earlier missing", "!InvalidSpec", "importing it again would not help" },
        { "no material named", "!Progressing", "somebody else imports it" },
        { "asymmetric, new", "ImportKeyMaterial", "KMS lists no materials of such keys" },
        { "asymmetric, as described", "", "nothing differs" },
        { "asymmetric, deleted", "ImportKeyMaterial", "its state says so" },
        { "asymmetric, validity", "ImportKeyMaterial", "its metadata say so" },
        { "KMS's own", "", "a key of KMS's own material" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_import_is_planned_when_the_material_is_not_as_it_should_be_and_only_then(string what, string expected, string why)
    {
        var desired = Desired(Wanted);
        var observed = Observed(KeyStates.Enabled, Material(One));
        var record = Record(One, Version);
        (desired, observed, record) = what switch
        {
            "new" => (desired, Observed(KeyStates.PendingImport), record with { Material = null }),
            "another version" => (desired, observed, record with { MaterialSource = new MaterialSource(Newer, null) }),
            "another secret" => (Desired(Wanted with { SecretName = "other" }), observed, record),
            "another entry" => (Desired(Wanted with { SecretKey = "other" }), observed, record),
            "not read" => (desired, observed, record with { MaterialSource = null }),
            "deleted" => (desired, Observed(KeyStates.PendingImport, Material(One) with { IsImported = false }), record),
            "validity" => (Desired(Wanted with { ValidTo = End }), observed, record),
            "secret gone" => (desired, observed, record with { MaterialSource = new MaterialSource(null, Missing) }),
            "secret gone, material too" => (
                desired, Observed(KeyStates.PendingImport, Material(One) with { IsImported = false }), record with { MaterialSource = new MaterialSource(null, Missing) }),
            "pending" => (desired, Observed(KeyStates.Enabled, Material(Two), Material(One, MaterialStates.PendingRotation)), record),
            "pending, disabled" => (desired with { Enabled = false }, Observed(KeyStates.Disabled, Material(Two), Material(One, MaterialStates.PendingRotation)), record),
            "pending elsewhere" => (desired, Observed(KeyStates.Enabled, Material(Two), Material(One, MaterialStates.PendingMultiRegionImport)), record),
            "pending, replica" => (
                desired with { MultiRegion = true },
                Observed(KeyStates.Enabled, Material(Two), Material(One, MaterialStates.PendingRotation)) with { MultiRegionKeyType = "REPLICA" }, record),
            "pending, newer secret" => (
                desired, Observed(KeyStates.Enabled, Material(Two), Material(One, MaterialStates.PendingRotation)), record with { MaterialSource = new MaterialSource(Newer, null) }),
            "earlier missing" => (desired, Observed(KeyStates.PendingImport, Material(Two, MaterialStates.NonCurrent) with { IsImported = false }, Material(One)), record),
            "no material named" => (Desired(null), Observed(KeyStates.PendingImport), KeyRecord.Empty),
            "asymmetric, new" => (Asymmetric(desired), Asymmetric(KeyStates.PendingImport), record with { Material = null }),
            "asymmetric, as described" => (Asymmetric(desired), Asymmetric(KeyStates.Enabled), Record(null, Version)),
            "asymmetric, deleted" => (Asymmetric(desired), Asymmetric(KeyStates.PendingImport), Record(null, Version)),
            "asymmetric, validity" => (Asymmetric(Desired(Wanted with { ValidTo = End })), Asymmetric(KeyStates.Enabled), Record(null, Version)),
            "KMS's own" => (Desired(null) with { Origin = KeyOrigins.Kms }, observed with { Origin = KeyOrigins.Kms, Materials = null }, KeyRecord.Empty),
            _ => (desired, observed, record),
        };

        var plan = KeyPlanner.Plan(desired, observed, record with { AliasName = "alias/a" });

        var actual = string.Join(',', [.. plan.Steps.Select(step => step.Operation), .. plan.Errors.Select(error => $"!{error.Reason}")]);
        Assert.True(actual == expected, $"{what}: {why}: {actual}");
    }

    private static readonly Gen<ObservedMaterial> AnyMaterial =
        from id in Gen.OneOf(One, Two)
        from state in Gen.OneOf(MaterialStates.Current, MaterialStates.NonCurrent, MaterialStates.PendingRotation)
        from imported in Gen.Bool
        from end in Gen.OneOf<DateTimeOffset?>(null, End)
        select new ObservedMaterial(id, state, imported, end);

    [Fact]
    public void What_was_imported_is_not_imported_again() =>
        (from materials in AnyMaterial.Array[0, 2]
         from state in Gen.OneOf(KeyStates.Enabled, KeyStates.Disabled, KeyStates.PendingImport)
         from last in Gen.OneOf<string?>(null, One, Two)
         from version in Gen.OneOf(Version, Newer)
         from end in Gen.OneOf<DateTimeOffset?>(null, End)
         from enabled in Gen.Bool
         from found in Gen.OneOf(One, Two)
         select (materials, state, last, version, end, enabled, found)).Sample(one =>
        {
            var desired = Desired(Wanted with { ValidTo = one.end }) with { Enabled = one.enabled };
            var observed = Observed(one.state, [.. one.materials.DistinctBy(material => material.Id)]);
            var record = Record(one.last, Version) with { MaterialSource = new MaterialSource(one.version, null), AliasName = "alias/a" };
            record = one.last is null ? record with { Material = null } : record;

            var key = observed;
            foreach (var step in KeyPlanner.Plan(desired, observed, record).Steps)
            {
                var done = step is ImportKeyMaterialStep import ? import with { KeyMaterialId = one.found } : step;
                if (done is ImportKeyMaterialStep imported)
                    record = record with { Material = new MaterialRecord(imported.KeyMaterialId, Wanted.SecretName, null, one.version, one.end) };

                // A read that is as old as the key before the step must not bring the import back.
                var after = done.ApplyTo(key);
                Assert.Equal(after.Materials ?? [], done.ReplaceStale(key, key).Materials ?? []);
                Assert.Equal(after.Materials ?? [], done.ReplaceStale(after, key).Materials ?? []);
                key = after;
            }

            Assert.DoesNotContain(KeyPlanner.Plan(desired, key, record).Steps, step => step is ImportKeyMaterialStep);
        });

    private static ObservedMaterial Material(string id, string state = MaterialStates.Current) => new(id, state, true, null);

    private static KeyRecord Record(string? id, SecretVersion version) => KeyRecord.Empty with
    {
        Material = new MaterialRecord(id, Wanted.SecretName, null, version, null),
        MaterialSource = new MaterialSource(Version, null),
    };

    private static KeyPolicy Policy()
    {
        using var document = System.Text.Json.JsonDocument.Parse("""{"Version":"2012-10-17","Statement":[]}""");
        return KeyPolicy.Of(document.RootElement);
    }

    private static DesiredKey Desired(DesiredMaterial? material) => new()
    {
        Owner = new KeyOwner("ServiceKey", "shop", "orders", "uid-1", "cluster"),
        Location = new KeyLocation("123456789012", "us-east-1"),
        Description = "a",
        AliasName = "alias/a",
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        Origin = KeyOrigins.External,
        Material = material,
        Policy = Policy(),
        Tags = KeyTags.Merge(new KeyOwner("ServiceKey", "shop", "orders", "uid-1", "cluster"), "orders"),
    };

    private static ObservedKey Observed(string state, params ObservedMaterial[] materials) => new()
    {
        KeyId = "key-1",
        Arn = "arn:aws:kms:us-east-1:123456789012:key/key-1",
        KeyState = state,
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        Origin = KeyOrigins.External,
        Description = "a",
        Policy = Policy().Text,
        Tags = Desired(null).Tags,
        AliasTargets = new Dictionary<string, string> { ["alias/a"] = "key-1" },
        Materials = materials,
    };

    private static DesiredKey Asymmetric(DesiredKey desired) => desired with { KeySpec = "ECC_NIST_P256", KeyUsage = "SIGN_VERIFY" };

    private static ObservedKey Asymmetric(string state) => Observed(state) with { KeySpec = "ECC_NIST_P256", KeyUsage = "SIGN_VERIFY", Materials = null };
}
