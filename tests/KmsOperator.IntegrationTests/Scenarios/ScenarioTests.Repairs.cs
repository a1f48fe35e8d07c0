using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

// What fails once is not forgotten.
public sealed partial class ScenarioTests
{
    [Fact]
    public async Task A_retargeted_alias_is_put_right_also_when_its_repair_fails_at_first()
    {
        var token = TestContext.Current.CancellationToken;
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        var id = await ReadyAsync("sk/one");
        using var kms = operators.Kms();
        var foreign = (await kms.CreateKeyAsync(new CreateKeyRequest(), token)).KeyMetadata.KeyId;
        await kms.UpdateAliasAsync(new UpdateAliasRequest { AliasName = $"alias/{_namespace}/s3", TargetKeyId = foreign }, token);

        await FaultAsync("UpdateAlias", "throttle");
        await LookAsync("one");
        await ConditionAsync("sk/one", "False", "Throttled", "Reconciling");
        await ReadyAsync("sk/one");
        Assert.Equal(id, (await kms.DescribeKeyAsync($"alias/{_namespace}/s3", token)).KeyMetadata.KeyId);
    }

    [Fact]
    public async Task A_rotation_that_AWS_refused_without_a_word_is_not_taken_for_the_one_before_it()
    {
        var token = TestContext.Current.CancellationToken;
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        var id = await ReadyAsync("sk/one");
        await AnnotateAsync("sk/one", "kms.servicekey.dev/rotate-at=first");
        await HandledAsync("first");

        await FaultAsync("RotateKeyOnDemand", "error5xx");
        await AnnotateAsync("sk/one", "kms.servicekey.dev/rotate-at=second");
        await HandledAsync("second");
        using var kms = operators.Kms();
        await Eventually.TrueAsync(
            async () => (await kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = id }, token)).Rotations.Count == 2, () => operators.Log);
        Assert.Equal("2", await FieldAsync("sk/one", ".status.onDemandRotations"));
        Assert.NotEmpty(await FieldAsync("sk/one", ".status.rotation.lastRotationDate"));
    }

    private Task HandledAsync(string value) => Eventually.TrueAsync(
        async () => await FieldAsync("sk/one", ".status.lastHandledRotateAt") == value, () => operators.Log, TimeSpan.FromSeconds(60));

    /// <summary>Has the next call of an operation fail, in one account.</summary>
    private Task FaultAsync(string operation, string kind, string account = "123456789012") =>
        operators.AdminAsync("/_sim/faults", new JsonObject { ["operation"] = operation, ["kind"] = kind, ["account"] = account });
}
