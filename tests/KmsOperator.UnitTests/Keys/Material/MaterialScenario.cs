using System.Text.Json.Nodes;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Material;

/// <summary>What tests of imported key material do with a <see cref="Scenario"/>.</summary>
internal static class MaterialScenario
{
    public const string Allowed = "allowed: {materialSecrets: [\"material-*\"]}";
    public const string Origin = "origin: EXTERNAL";

    /// <summary>Two materials of 32 bytes.</summary>
    public static readonly byte[] First = [.. Enumerable.Range(0, 32).Select(i => (byte)((i * 7) + 3))];
    public static readonly byte[] Second = [.. Enumerable.Range(0, 32).Select(i => (byte)((i * 11) + 5))];

    public static Task<Scenario> StartAsync(OperatorTestOptions? options = null) => Scenario.StartAsync(options, Allowed);

    public static string Material(string secret = "material-a", string? validTo = null, string? key = null) =>
        $"material: {{secretRef: {{name: {secret}{(key is null ? "" : $", key: {key}")}}}{(validTo is null ? "" : $", validTo: \"{validTo}\"")}}}";

    /// <summary>Makes a Secret, or gives it other content.</summary>
    public static void PutSecret(this Scenario scenario, byte[] material, string name = "material-a", string entry = "material") => scenario.User.Apply(
        $$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: {{name}}}
        data: {{{entry}}: "{{Convert.ToBase64String(material)}}"}
        """, Scenario.Namespace);

    /// <summary>What the status remembers of the import.</summary>
    public static JsonObject? MaterialStatus(this Scenario scenario, string kind = "ServiceKey", string name = "one") =>
        scenario.User.Get(kind, Scenario.Id(kind, name))["status"]?["material"]?.AsObject();

    /// <summary>Holds that a resource waits, for this reason, with this in its message.</summary>
    public static void AssertNotReady(this Scenario scenario, string reason, string message, string kind = "ServiceKey", string name = "one")
    {
        var ready = scenario.Condition(kind, name, "Ready");
        Assert.True(ready is { Status: "False" } && ready.Value.Reason == reason && ready.Value.Message.Contains(message, StringComparison.Ordinal), $"{kind} {name}: {ready}");
    }

    /// <summary>How often KMS was asked for an import, or for its parameters.</summary>
    public static async Task<int> ImportCallsAsync(this Scenario scenario) =>
        await scenario.CallsAsync("ImportKeyMaterial") + await scenario.CallsAsync("GetParametersForImport");

    /// <summary>Ids and states of the materials of a key, and whether each is imported.</summary>
    public static async Task<string[]> MaterialsAsync(this Scenario scenario, string keyId, string region = "us-east-1")
    {
        var answer = await scenario.Aws.Kms(region).ListKeyRotationsAsync(
            new Amazon.KeyManagementService.Model.ListKeyRotationsRequest { KeyId = keyId, IncludeKeyMaterial = "ALL_KEY_MATERIAL" }, TestContext.Current.CancellationToken);
        return [.. answer.Rotations.Select(entry => $"{entry.KeyMaterialState} {entry.ImportState}")];
    }
}
