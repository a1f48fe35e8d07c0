using System.Globalization;
using System.Security.Cryptography;
using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Material;

public sealed class ImportMaterialTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_gets_the_material_of_the_Secret_and_is_ready_with_it()
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", MaterialScenario.Origin, MaterialScenario.Material()));

        scenario.AssertReady("ServiceKey", "one");
        var key = (await scenario.Aws.Kms().DescribeKeyAsync(scenario.Status("ServiceKey", "one", "keyId"), Ct)).KeyMetadata;
        Assert.Equal(("EXTERNAL", "Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE"), (key.Origin.Value, key.KeyState.Value, key.ExpirationModel.Value));
        var status = scenario.MaterialStatus()!;
        Assert.Equal((key.CurrentKeyMaterialId, "material-a"), ((string?)status["keyMaterialId"], (string?)status["secretName"]));
        var secret = scenario.User.Get("Secret", Scenario.Id("Secret", "material-a"))["metadata"]!;
        Assert.Equal(((string?)secret["uid"], (string?)secret["resourceVersion"]), ((string?)status["secretUid"], (string?)status["secretResourceVersion"]));

        // What is as described is not imported again.
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();
        Assert.Equal(2, await scenario.ImportCallsAsync());
        scenario.AssertReady("ServiceKey", "one");
    }

    // spec, usage
    public static TheoryData<string, string> Specs => new()
    {
        { "HMAC_224", "GENERATE_VERIFY_MAC" },
        { "HMAC_512", "GENERATE_VERIFY_MAC" },
        { "ECC_NIST_P256", "SIGN_VERIFY" },
        { "RSA_2048", "ENCRYPT_DECRYPT" },
    };

    [Theory]
    [MemberData(nameof(Specs))]
    public async Task Keys_of_other_specs_get_theirs(string spec, string usage)
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(NewMaterial(spec));

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, $"keySpec: {spec}", $"keyUsage: {usage}", MaterialScenario.Material()));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(2, await scenario.ImportCallsAsync());
    }

    // spec, length of the material, entry that is named, what the message says, why
    public static TheoryData<string, int, string?, string, string> Mistakes => new()
    {
        { "SYMMETRIC_DEFAULT", 31, null, "has 31 bytes; the key material of a key with keySpec SYMMETRIC_DEFAULT has 32", "a byte is missing" },
        { "SYMMETRIC_DEFAULT", 33, null, "has 33 bytes", "a line feed too many" },
        { "SYMMETRIC_DEFAULT", 64, null, "has 64 bytes", "hexadecimal digits instead of bytes" },
        { "SYMMETRIC_DEFAULT", 0, null, "has 0 bytes", "nothing at all" },
        { "HMAC_384", 32, null, "has 48", "the length of another spec" },
        { "ECC_NIST_P256", 32, null, "PKCS #8", "a scalar is no private key" },
        { "SYMMETRIC_DEFAULT", 32, "other", "spec.material.secretRef.key: Secret material-a has no entry other", "another entry is named" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Material_that_cannot_be_right_is_refused_with_its_field_and_nothing_is_sent(string spec, int length, string? entry, string message, string why)
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret([.. Enumerable.Repeat((byte)1, length)]);
        var usage = spec.StartsWith("HMAC", StringComparison.Ordinal) ? "GENERATE_VERIFY_MAC" : spec.StartsWith("ECC", StringComparison.Ordinal) ? "SIGN_VERIFY" : "ENCRYPT_DECRYPT";

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, $"keySpec: {spec}", $"keyUsage: {usage}", MaterialScenario.Material(key: entry)));

        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        scenario.AssertNotReady("InvalidSpec", message);
        scenario.AssertNotReady("InvalidSpec", "spec.material.secretRef");
        Assert.True(await scenario.ImportCallsAsync() == 0, why);
    }

    [Fact]
    public async Task Which_entry_is_meant_must_be_said_where_a_Secret_has_several()
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        scenario.User.Patch("Secret", Scenario.Id("Secret", "material-a"), $"{{data: {{other: \"{Convert.ToBase64String(MaterialScenario.Second)}\"}}}}");

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material()));
        scenario.AssertNotReady("InvalidSpec", "spec.material.secretRef.key: is required, since Secret material-a has 2 entries");

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material(key: "other")));
        scenario.AssertReady("ServiceKey", "one");
    }

    [Theory]
    [InlineData("", "a class that says nothing allows nothing")]
    [InlineData("allowed: {materialSecrets: [\"other-*\"]}", "another Secret is allowed")]
    public async Task A_Secret_that_the_class_does_not_allow_is_not_read(string allowed, string why)
    {
        using var scenario = await Scenario.StartAsync(allowed);
        scenario.PutSecret(MaterialScenario.First);
        var reads = new List<string>();
        scenario.Operator.Connection.Before = (request, _) =>
        {
            reads.Add(request.Plural);
            return Task.CompletedTask;
        };

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material()));

        scenario.AssertStalled("ServiceKey", "one", "PermissionDenied");
        Assert.StartsWith("spec.material.secretRef.name: ", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secrets", reads);
        Assert.True((await scenario.Aws.KeysAsync()).Count == 0, why);
    }

    [Fact]
    public async Task Only_the_Secret_that_is_named_is_read_by_its_name()
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        scenario.PutSecret(MaterialScenario.Second, "material-b");
        var reads = new List<string>();
        scenario.Operator.Connection.Before = (request, _) =>
        {
            if (request.Plural == "secrets")
                reads.Add($"{request.Verb} {request.Key}");
            return Task.CompletedTask;
        };

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material()));

        Assert.Equal("get team/material-a", Assert.Single(reads.Distinct()));
    }

    [Fact]
    public async Task A_key_waits_for_a_Secret_that_is_not_there_and_goes_on_when_it_is()
    {
        using var scenario = await MaterialScenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material(), "grants: [{name: a, granteePrincipal: App, operations: [Decrypt]}]"));

        scenario.AssertNotReady("Progressing", "there is no Secret material-a in namespace team");
        Assert.Equal("PendingImport", scenario.Status("ServiceKey", "one", "keyState"));
        Assert.Equal("alias/acme/one", Assert.Single(Scenario.Aliases(await scenario.Aws.KeyAsync())));

        scenario.PutSecret(MaterialScenario.First);
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Single((await scenario.Aws.KeyAsync())["grants"]!.AsArray());
    }

    [Fact]
    public async Task A_Secret_that_Kubernetes_does_not_let_the_operator_read_is_told()
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        scenario.Operator.Connection.Before = (request, _) => request.Plural == "secrets"
            ? throw new KmsOperator.Kubernetes.KubernetesApiException(System.Net.HttpStatusCode.Forbidden, "Forbidden", "secrets is forbidden")
            : Task.CompletedTask;

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material()));

        scenario.AssertStalled("ServiceKey", "one", "AccessDenied");
        scenario.AssertNotReady("AccessDenied", "does not let the operator read Secret material-a in namespace team");
    }

    [Fact]
    public async Task A_key_without_material_waits_for_whoever_imports_it()
    {
        using var scenario = await MaterialScenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin));
        scenario.AssertNotReady("Progressing", "waits for its key material");

        await ImportAsync(scenario, MaterialScenario.First);
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Null(scenario.MaterialStatus());
    }

    [Theory]
    [InlineData("managementPolicy: Full")]
    [InlineData("managementPolicy: Observe")]
    public async Task A_key_is_not_ready_once_the_material_has_expired_that_somebody_imported(string managementPolicy)
    {
        using var scenario = await MaterialScenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin));
        var end = scenario.Operator.Clock.GetUtcNow().AddHours(3);
        await ImportAsync(scenario, MaterialScenario.First, end);
        await scenario.RestAsync();
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, managementPolicy));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");

        await scenario.Operator.SettleAsync(end - scenario.Operator.Clock.GetUtcNow() + TimeSpan.FromMinutes(1));

        scenario.AssertNotReady("Progressing", "waits for its key material");
    }

    [Fact]
    public async Task A_disabled_key_is_disabled_once_its_material_is_there()
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material(), "enabled: false"));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one", "KeyDisabled");
        Assert.Equal("Disabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task Material_that_somebody_deleted_is_imported_again()
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material()));
        await scenario.RestAsync();
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;
        await scenario.Aws.Kms().DeleteImportedKeyMaterialAsync(new DeleteImportedKeyMaterialRequest { KeyId = keyId }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(["CURRENT IMPORTED"], await scenario.MaterialsAsync(keyId));
        Assert.Contains(scenario.Events("one"), note => note.Contains("was changed by somebody else and is put right: ImportKeyMaterial: the key material of Secret material-a", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_Secret_may_go_once_its_material_is_imported()
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material()));
        scenario.User.Delete("Secret", Scenario.Id("Secret", "material-a"));

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(2, await scenario.ImportCallsAsync());
    }

    [Fact]
    public async Task Other_material_for_a_key_that_takes_no_other_is_told()
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(NewMaterial("HMAC_256"));
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, "keySpec: HMAC_256", "keyUsage: GENERATE_VERIFY_MAC", MaterialScenario.Material()));
        scenario.AssertReady("ServiceKey", "one");
        scenario.PutSecret(NewMaterial("HMAC_256"), "material-b");

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, "keySpec: HMAC_256", "keyUsage: GENERATE_VERIFY_MAC", MaterialScenario.Material("material-b")));

        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        scenario.AssertNotReady("InvalidSpec", "IncorrectKeyMaterialException");
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    // fault, reason, why
    public static TheoryData<string, string, string> Failures => new()
    {
        { "throttle", "Throttled", "too many requests" },
        { "error5xx", "Unavailable", "KMS has a fault" },
        { "dropAfter", "Unavailable", "the material is there, and nobody knows" },
        { "accessDenied", "AccessDenied", "no permission" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task An_import_that_fails_is_told_and_tried_again(string fault, string reason, string why)
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        await scenario.BreakAsync("ImportKeyMaterial", fault);

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material()));
        Assert.True(scenario.Condition("ServiceKey", "one", "Ready")?.Reason == reason, $"{why}: {scenario.Condition("ServiceKey", "one", "Ready")}");

        await scenario.Aws.ClearFaultsAsync();
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
    }

    // deletion policy; the key's state after that
    public static TheoryData<string, string> Deletions => new()
    {
        { "Retain", "PendingImport" },
        { "Disable", "PendingImport" },
        { "Delete", "PendingDeletion" },
    };

    [Theory]
    [MemberData(nameof(Deletions))]
    public async Task A_resource_whose_key_never_got_its_material_can_be_deleted(string policy, string state)
    {
        using var scenario = await MaterialScenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material(), $"deletionPolicy: {policy}"));

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal(state, (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_key_that_was_left_is_found_again_and_keeps_its_material()
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material()));
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;
        await scenario.DeleteAsync("ServiceKey", "one");

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material()));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(keyId, scenario.Status("ServiceKey", "one", "keyId"));
        Assert.Equal(["CURRENT IMPORTED"], await scenario.MaterialsAsync(keyId));
    }

    [Fact]
    public async Task Observe_reads_no_Secret_and_says_what_Full_would_do()
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        var reads = new List<string>();
        scenario.Operator.Connection.Before = (request, _) =>
        {
            reads.Add(request.Plural);
            return Task.CompletedTask;
        };

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material(), "managementPolicy: Observe"));

        var plan = scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["plan"]!.AsArray();
        Assert.Equal(["CreateKey", "ImportKeyMaterial", "CreateAlias"], plan.Select(step => (string?)step!["operation"]));
        Assert.DoesNotContain("secrets", reads);
        Assert.Empty(await scenario.Aws.KeysAsync());
    }

    internal static byte[] NewMaterial(string spec)
    {
        switch (spec)
        {
            case "RSA_2048":
                using (var rsa = RSA.Create(2048))
                    return rsa.ExportPkcs8PrivateKey();
            case "ECC_NIST_P256":
                using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                    return key.ExportPkcs8PrivateKey();
            default:
                return RandomNumberGenerator.GetBytes(int.Parse(spec[^3..], CultureInfo.InvariantCulture) / 8);
        }
    }

    /// <summary>Imports as somebody else than the operator.</summary>
    private static async Task ImportAsync(Scenario scenario, byte[] material, DateTimeOffset? validTo = null)
    {
        var kms = scenario.Aws.Kms();
        var keyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!;
        var parameters = await kms.GetParametersForImportAsync(
            new GetParametersForImportRequest { KeyId = keyId, WrappingAlgorithm = "RSAES_OAEP_SHA_256", WrappingKeySpec = "RSA_2048" }, Ct);
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(parameters.PublicKey.ToArray(), out _);
        await kms.ImportKeyMaterialAsync(
            new ImportKeyMaterialRequest
            {
                KeyId = keyId,
                ImportToken = parameters.ImportToken,
                EncryptedKeyMaterial = new MemoryStream(rsa.Encrypt(material, RSAEncryptionPadding.OaepSHA256)),
                ExpirationModel = validTo is null ? "KEY_MATERIAL_DOES_NOT_EXPIRE" : "KEY_MATERIAL_EXPIRES",
                ValidTo = validTo?.UtcDateTime,
            },
            Ct);
    }
}
