using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Material;

/// <summary>KMS takes no new material while another one waits for its rotation.</summary>
public sealed class PendingMaterialTests
{
    private static readonly byte[] Third = [.. Enumerable.Range(0, 32).Select(i => (byte)((i * 13) + 9))];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // fields of the resource besides; what keeps the key from the rotation; state of the second material; what the message asks for
    public static TheoryData<string[], string, string, string> Obstacles => new()
    {
        { [], "RotateKeyOnDemand is denied", "PENDING_ROTATION IMPORTED", "Rotate the key to that material (aws kms rotate-key-on-demand --key-id " },
        { ["enabled: false"], "", "PENDING_ROTATION IMPORTED", "A disabled key does not rotate: put that material back into the Secret, and enable the key" },
        { ["multiRegion: true"], "a replica of others lacks it", "PENDING_MULTI_REGION_IMPORT_AND_ROTATION IMPORTED", "All replicas need that material first: put it back into the Secret" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public async Task Material_that_KMS_does_not_take_before_a_rotation_says_what_to_do_and_is_taken_after_that(string[] fields, string obstacle, string state, string advice)
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        await scenario.ApplyAsync(Scenario.Key("one", [MaterialScenario.Origin, .. fields.Where(field => field != "enabled: false"), MaterialScenario.Material()]));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;
        if (obstacle.StartsWith("a replica", StringComparison.Ordinal))
            await scenario.Aws.Kms().ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = keyId, ReplicaRegion = "eu-west-1" }, Ct);
        if (obstacle.StartsWith("RotateKeyOnDemand", StringComparison.Ordinal))
            await scenario.BreakAsync("RotateKeyOnDemand", "accessDenied");

        scenario.PutSecret(MaterialScenario.Second, "material-b");
        await scenario.ApplyAsync(Scenario.Key("one", [MaterialScenario.Origin, .. fields, MaterialScenario.Material("material-b")]));
        await scenario.RestAsync();
        Assert.Equal(["CURRENT IMPORTED", state], await scenario.MaterialsAsync(keyId));
        var second = (string)scenario.MaterialStatus()!["keyMaterialId"]!;

        scenario.PutSecret(Third, "material-c");
        await scenario.ApplyAsync(Scenario.Key("one", [MaterialScenario.Origin, .. fields, MaterialScenario.Material("material-c")]));
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        scenario.AssertNotReady("InvalidSpec", advice);
        var delete = $"aws kms delete-imported-key-material --key-id {scenario.Status("ServiceKey", "one", "arn")} --key-material-id {second}";
        scenario.AssertNotReady("InvalidSpec", $", or delete it ({delete}); it is tried again.");

        // The command that the message gives.
        await scenario.Aws.Kms().DeleteImportedKeyMaterialAsync(new DeleteImportedKeyMaterialRequest { KeyId = keyId, KeyMaterialId = second }, Ct);
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();
        Assert.Equal(["CURRENT IMPORTED", state], await scenario.MaterialsAsync(keyId));
        Assert.NotEqual(second, (string?)scenario.MaterialStatus()!["keyMaterialId"]);
    }
}
