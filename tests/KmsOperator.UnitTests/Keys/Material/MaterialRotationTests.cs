using System.Globalization;
using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Material;

public sealed class MaterialRotationTests
{
    private const string ReconcileAt = "kms.servicekey.dev/reconcile-at";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<bool, string> Ways => new()
    {
        { true, "the spec names another Secret" },
        { false, "the Secret gets other content" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Other_material_is_imported_and_the_key_rotates_to_it(bool byName, string why)
    {
        using var scenario = await StartAsync(MaterialScenario.Material());
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;
        var before = (string?)scenario.MaterialStatus()!["keyMaterialId"];
        var blob = await EncryptAsync(scenario, keyId);

        await ChangeAsync(scenario, byName);
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.True((await scenario.MaterialsAsync(keyId)).SequenceEqual(["NON_CURRENT IMPORTED", "CURRENT IMPORTED"]), why);
        Assert.NotEqual(before, (string?)scenario.MaterialStatus()!["keyMaterialId"]);
        Assert.Equal(1, await scenario.CallsAsync("RotateKeyOnDemand"));
        Assert.Equal([1], (await scenario.Aws.Kms().DecryptAsync(new DecryptRequest { CiphertextBlob = new MemoryStream(blob) }, Ct)).Plaintext.ToArray());

        // Nothing more happens.
        var calls = await scenario.ImportCallsAsync();
        await scenario.AnnotateAsync("ServiceKey", "one", ReconcileAt, "later");
        await scenario.RestAsync();
        Assert.Equal((calls, 1), (await scenario.ImportCallsAsync(), await scenario.CallsAsync("RotateKeyOnDemand")));
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task A_Secret_that_changes_but_for_its_material_changes_nothing()
    {
        using var scenario = await StartAsync(MaterialScenario.Material());
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;
        scenario.User.Annotate("Secret", Scenario.Id("Secret", "material-a"), "note", "new");

        await scenario.AnnotateAsync("ServiceKey", "one", ReconcileAt, "now");
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(["CURRENT IMPORTED"], await scenario.MaterialsAsync(keyId));
        Assert.Equal(0, await scenario.CallsAsync("RotateKeyOnDemand"));
    }

    // the operation whose first call after the change ends the operator, or is not answered
    public static TheoryData<string, string> Crashes => new()
    {
        { "ImportKeyMaterial", "dropAfter" },
        { "ImportKeyMaterial", "dropBefore" },
        { "GetParametersForImport", "dropAfter" },
        { "RotateKeyOnDemand", "dropAfter" },
        { "RotateKeyOnDemand", "dropBefore" },
    };

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task A_rotation_takes_place_once_whatever_gets_no_answer(string operation, string fault)
    {
        using var scenario = await StartAsync(MaterialScenario.Material());
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;
        await scenario.Aws.PostAsync("/_sim/faults", $$"""{"operation": "{{operation}}", "kind": "{{fault}}", "count": 1}""");

        await ChangeAsync(scenario, byName: true);
        scenario.Operator.CrashAndRestart();
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(["NON_CURRENT IMPORTED", "CURRENT IMPORTED"], await scenario.MaterialsAsync(keyId));
    }

    [Fact]
    public async Task A_key_is_not_ready_once_its_material_has_expired_and_is_again_with_a_later_time()
    {
        using var scenario = await MaterialScenario.StartAsync();
        var first = scenario.Operator.Clock.GetUtcNow().AddDays(20);
        scenario.PutSecret(MaterialScenario.First);
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material(validTo: Text(first))));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Contains($"valid until {first.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}Z", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);

        await scenario.Operator.SettleAsync(TimeSpan.FromDays(20));
        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        scenario.AssertNotReady("InvalidSpec", "spec.material.validTo: ");
        Assert.Equal("PendingImport", scenario.Status("ServiceKey", "one", "keyState"));

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material(validTo: Text(first.AddDays(40)))));
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(2, await scenario.CallsAsync("ImportKeyMaterial"));
    }

    // how the spec names the material that the key has by then; its last words once the first material has expired
    public static TheoryData<string, string> Kept => new()
    {
        { "", "waits for its key material" },
        { MaterialScenario.Material("material-b"), "waits for the materials that it had before as well" },
    };

    [Theory]
    [MemberData(nameof(Kept))]
    public async Task A_key_is_not_ready_once_a_material_has_expired_that_the_spec_does_not_name_any_more(string material, string message)
    {
        using var scenario = await MaterialScenario.StartAsync();
        var end = scenario.Operator.Clock.GetUtcNow().AddDays(20).AddMinutes(1);
        scenario.PutSecret(MaterialScenario.First);
        scenario.PutSecret(MaterialScenario.Second, "material-b");
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material(validTo: Text(end))));
        await scenario.RestAsync();
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, material));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");

        await scenario.Operator.SettleAsync(end - scenario.Operator.Clock.GetUtcNow() + TimeSpan.FromMinutes(1));

        Assert.Equal("PendingImport", scenario.Status("ServiceKey", "one", "keyState"));
        Assert.Contains(message, scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
    }

    // validTo at first and then, in days from the start; null for none
    public static TheoryData<int?, int?> Validities => new()
    {
        { null, 30 },
        { 30, null },
        { 30, 60 },
        { 60, 30 },
    };

    [Theory]
    [MemberData(nameof(Validities))]
    public async Task Another_validity_imports_the_same_material_again(int? before, int? after)
    {
        using var scenario = await MaterialScenario.StartAsync();
        var now = scenario.Operator.Clock.GetUtcNow();
        scenario.PutSecret(MaterialScenario.First);
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material(validTo: before is { } days ? Text(now.AddDays(days)) : null)));
        await scenario.RestAsync();

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material(validTo: after is { } then ? Text(now.AddDays(then)) : null)));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        var key = (await scenario.Aws.Kms().DescribeKeyAsync(scenario.Status("ServiceKey", "one", "keyId"), Ct)).KeyMetadata;
        Assert.Equal(after is { } last ? now.AddDays(last).ToUnixTimeSeconds() : (long?)null, key.ValidTo is { } end ? new DateTimeOffset(end.ToUniversalTime()).ToUnixTimeSeconds() : (long?)null);
        Assert.Equal((2, 0), (await scenario.CallsAsync("ImportKeyMaterial"), await scenario.CallsAsync("RotateKeyOnDemand")));
    }

    // days from now; what the message says
    public static TheoryData<int, string> Impossible => new()
    {
        { -1, "has passed" },
        { 366, "more than 365 days ahead" },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public async Task A_validity_that_KMS_does_not_take_is_refused_before_any_call(int days, string message)
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material(validTo: Text(scenario.Operator.Clock.GetUtcNow().AddDays(days)))));

        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        scenario.AssertNotReady("InvalidSpec", message);
        Assert.Equal(0, await scenario.ImportCallsAsync());
    }

    [Fact]
    public async Task A_key_that_lacks_an_earlier_material_says_which_and_imports_nothing_over_and_over()
    {
        using var scenario = await StartAsync(MaterialScenario.Material());
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;
        var first = (string)scenario.MaterialStatus()!["keyMaterialId"]!;
        await ChangeAsync(scenario, byName: false);
        await scenario.RestAsync();
        await scenario.Aws.Kms().DeleteImportedKeyMaterialAsync(new DeleteImportedKeyMaterialRequest { KeyId = keyId, KeyMaterialId = first }, Ct);
        var calls = await scenario.ImportCallsAsync();

        await scenario.AnnotateAsync("ServiceKey", "one", ReconcileAt, "now");
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        scenario.AssertNotReady("InvalidSpec", first);
        Assert.Equal(calls, await scenario.ImportCallsAsync());

        // Each in its turn.
        scenario.PutSecret(MaterialScenario.First);
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(["NON_CURRENT IMPORTED", "CURRENT IMPORTED"], await scenario.MaterialsAsync(keyId));
    }

    private static async Task<Scenario> StartAsync(string material)
    {
        var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, material));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        return scenario;
    }

    private static async Task ChangeAsync(Scenario scenario, bool byName)
    {
        if (byName)
        {
            scenario.PutSecret(MaterialScenario.Second, "material-b");
            await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material("material-b")));
            return;
        }

        scenario.PutSecret(MaterialScenario.Second);
        await scenario.AnnotateAsync("ServiceKey", "one", ReconcileAt, "changed");
    }

    private static async Task<byte[]> EncryptAsync(Scenario scenario, string keyId) =>
        (await scenario.Aws.Kms().EncryptAsync(new EncryptRequest { KeyId = keyId, Plaintext = new MemoryStream([1]) }, Ct)).CiphertextBlob.ToArray();

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
