using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Material;

public sealed class MaterialReplicaTests
{
    private const string MultiRegion = "multiRegion: true";
    private const string Replicas = "replicaRegions: [eu-west-1]";
    private const string Replica = "one-eu-west-1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replica_gets_the_same_material_and_decrypts_what_the_primary_encrypted()
    {
        using var scenario = await StartAsync();
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;

        var blob = (await scenario.Aws.Kms().EncryptAsync(new EncryptRequest { KeyId = keyId, Plaintext = new MemoryStream([1]) }, Ct)).CiphertextBlob.ToArray();
        var plain = await scenario.Aws.Kms("eu-west-1").DecryptAsync(new DecryptRequest { KeyId = keyId, CiphertextBlob = new MemoryStream(blob) }, Ct);

        Assert.Equal([1], plain.Plaintext.ToArray());
        Assert.Equal((string?)scenario.MaterialStatus()!["keyMaterialId"], (string?)scenario.MaterialStatus("KeyReplica", Replica)!["keyMaterialId"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task New_material_goes_to_the_primary_then_to_the_replicas_and_then_the_key_rotates_once(bool byName)
    {
        using var scenario = await StartAsync();
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;
        var secret = byName ? "material-b" : "material-a";
        scenario.PutSecret(MaterialScenario.Second, secret);

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MultiRegion, Replicas, MaterialScenario.Material(secret)));
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        scenario.AssertReady("ServiceKey", "one");
        scenario.AssertReady("KeyReplica", Replica);
        foreach (var region in (string[])["us-east-1", "eu-west-1"])
            Assert.Equal(["NON_CURRENT IMPORTED", "CURRENT IMPORTED"], await scenario.MaterialsAsync(keyId, region));
        Assert.Equal(1, await scenario.CallsAsync("RotateKeyOnDemand"));
    }

    [Fact]
    public async Task A_replica_of_imported_material_of_others_waits_for_them()
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MultiRegion));
        var arn = scenario.Status("ServiceKey", "one", "arn");

        await scenario.ApplyAsync(Scenario.Replica("copy", $"primaryKeyArn: {arn}", "region: eu-west-1", "className: standard", "alias: alias/copy"));

        scenario.AssertNotReady("PrimaryNotReady", "PendingImport", "KeyReplica", "copy");
    }

    [Fact]
    public async Task Material_of_a_replica_that_somebody_deleted_is_imported_there_again()
    {
        using var scenario = await StartAsync();
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;
        await scenario.Aws.Kms("eu-west-1").DeleteImportedKeyMaterialAsync(new DeleteImportedKeyMaterialRequest { KeyId = keyId }, Ct);

        await scenario.AnnotateAsync("KeyReplica", Replica, "kms.servicekey.dev/reconcile-at", "now");

        scenario.AssertReady("KeyReplica", Replica);
        Assert.Equal(["CURRENT IMPORTED"], await scenario.MaterialsAsync(keyId, "eu-west-1"));
    }

    [Fact]
    public async Task The_primary_moves_with_its_material_and_new_material_goes_to_the_new_primary_first()
    {
        using var scenario = await StartAsync();
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;
        string[] fields = [MaterialScenario.Origin, MultiRegion, Replicas, "primaryRegion: eu-west-1"];

        await scenario.ApplyAsync(Scenario.Key("one", [.. fields, MaterialScenario.Material()]));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        scenario.AssertReady("KeyReplica", Replica);
        Assert.Equal("PRIMARY", scenario.Status("KeyReplica", Replica, "multiRegionKeyType"));
        Assert.Equal(2, await scenario.CallsAsync("ImportKeyMaterial"));

        scenario.PutSecret(MaterialScenario.Second, "material-b");
        await scenario.ApplyAsync(Scenario.Key("one", [.. fields, MaterialScenario.Material("material-b")]));
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        scenario.AssertReady("ServiceKey", "one");
        scenario.AssertReady("KeyReplica", Replica);
        foreach (var region in (string[])["us-east-1", "eu-west-1"])
            Assert.Equal(["NON_CURRENT IMPORTED", "CURRENT IMPORTED"], await scenario.MaterialsAsync(keyId, region));
        Assert.Equal(1, await scenario.CallsAsync("RotateKeyOnDemand"));
    }

    private static async Task<Scenario> StartAsync()
    {
        var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MultiRegion, Replicas, MaterialScenario.Material()));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        scenario.AssertReady("KeyReplica", Replica);
        return scenario;
    }
}
