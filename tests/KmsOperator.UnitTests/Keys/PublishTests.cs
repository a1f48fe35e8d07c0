using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class PublishTests
{
    private static readonly string[] Signing = ["alias: alias/signing", "keySpec: ECC_NIST_P256", "keyUsage: SIGN_VERIFY", "publish: {configMapName: out}"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_public_key_that_is_published_verifies_what_the_key_signs()
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("one", Signing));

        scenario.AssertReady("ServiceKey", "one");
        var data = new byte[] { 1, 2, 3 };
        var signature = (await scenario.Aws.Kms().SignAsync(
            new SignRequest { KeyId = "alias/signing", Message = new MemoryStream(data), MessageType = "RAW", SigningAlgorithm = "ECDSA_SHA_256" }, Ct)).Signature.ToArray();
        using var key = ECDsa.Create();
        key.ImportFromPem((string)Data(scenario)["publicKey"]!);
        Assert.True(key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }

    public static TheoryData<string[], string> WithoutPublicKey => new()
    {
        { ["service: s3", "publish: {configMapName: out}"], "a symmetric key" },
        { ["alias: alias/mac", "keySpec: HMAC_256", "keyUsage: GENERATE_VERIFY_MAC", "publish: {configMapName: out}"], "a key for MACs" },
    };

    [Theory]
    [MemberData(nameof(WithoutPublicKey))]
    public async Task A_key_without_a_public_key_is_published_without_one_and_KMS_is_not_asked(string[] fields, string why)
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("one", fields));

        scenario.AssertReady("ServiceKey", "one");
        Assert.True(Data(scenario)["publicKey"] is null && await scenario.CallsAsync("GetPublicKey") == 0, why);
    }

    [Fact]
    public async Task KMS_is_asked_for_the_public_key_once()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", Signing));

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(30));
        await scenario.ApplyAsync(Scenario.Key("one", [.. Signing, "description: other"]));

        Assert.Equal(1, await scenario.CallsAsync("GetPublicKey"));
    }

    [Fact]
    public async Task A_public_key_that_somebody_put_into_the_ConfigMap_is_put_right_when_the_key_is_compared()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", Signing));
        var real = (string)Data(scenario)["publicKey"]!;
        scenario.User.Apply("""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: out}
            data: {publicKey: forged}
            """, Scenario.Namespace);
        Assert.Equal("forged", (string?)Data(scenario)["publicKey"]);

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");

        Assert.Equal(real, (string?)Data(scenario)["publicKey"]);
    }

    [Fact]
    public async Task While_the_public_key_may_not_be_read_the_rest_is_published_and_the_resource_says_why()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "GetPublicKey", "kind": "accessDenied", "count": 20}""");

        await scenario.ApplyAsync(Scenario.Key("one", Signing));

        scenario.AssertStalled("ServiceKey", "one", "AccessDenied");
        Assert.NotNull(Data(scenario)["arn"]);
        Assert.Null(Data(scenario)["publicKey"]);

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(3));

        scenario.AssertReady("ServiceKey", "one");
        Assert.NotNull(Data(scenario)["publicKey"]);
    }

    private static JsonObject Data(Scenario scenario) => scenario.User.Get("ConfigMap", new NamespacedName(Scenario.Namespace, "out"))["data"]!.AsObject();
}
