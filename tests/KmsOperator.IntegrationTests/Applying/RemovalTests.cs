using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.IntegrationTests.CrdCases;
using KmsOperator.Testing.ApiServer;
using Xunit;

namespace KmsOperator.IntegrationTests.Applying;

/// <summary>
/// A manifest loses the last entry of a list or map and is applied again by server-side apply, as kubectl, Flux and Argo CD do it: the server takes
/// it, and the entry is gone.
/// </summary>
[Trait(Servers.Trait, Servers.Old)]
public sealed class RemovalTests(ControlPlaneFixture controlPlane, CrdServer server) : IClassFixture<CrdServer>
{
    private const string Statement = "{Sid: Own, Effect: Allow, Principal: \"*\", Action: \"kms:Decrypt\", Resource: \"*\"}";

    // The field; what the spec says of it; what it says then, nothing at all included.
    public static TheoryData<string, string, string> Removals => new()
    {
        { "access.users", "access: {users: [App]}", "" },
        { "access.users", "access: {users: [App]}", "access: {}" },
        { "access.users", "access: {users: [App]}", "access: {users: []}" },
        { "access.users", "access: {users: [App], administrators: [Admin]}", "access: {administrators: [Admin]}" },
        { "tags", "tags: {team: a}", "" },
        { "tags", "tags: {team: a}", "tags: {}" },
        { "policy.override", $"policy: {{override: {{Version: \"2012-10-17\", Statement: [{Statement}]}}}}", "" },
        { "policy.override", $"policy: {{override: {{Version: \"2012-10-17\", Statement: [{Statement}]}}}}", "policy: {}" },
        { "policy.additionalStatements", $"policy: {{additionalStatements: [{Statement}]}}", "" },
        { "policy.additionalStatements", $"policy: {{additionalStatements: [{Statement}]}}", "policy: {}" },
        { "policy.additionalStatements", $"policy: {{additionalStatements: [{Statement}]}}", "policy: {additionalStatements: []}" },
        { "replicaRegions", "replicaRegions: [eu-west-1]", "" },
        { "replicaRegions", "replicaRegions: [eu-west-1]", "replicaRegions: []" },
        { "grants", "grants: [{name: a, granteePrincipal: App, operations: [Decrypt]}]", "" },
        { "grants", "grants: [{name: a, granteePrincipal: App, operations: [Decrypt]}]", "grants: []" },
        { "publish", "publish: {configMapName: one}", "" },
        { "rotation", "rotation: {periodDays: 90}", "" },
    };

    [Theory, MemberData(nameof(Removals))]
    public async Task What_a_manifest_does_not_have_any_more_goes(string field, string before, string after)
    {
        var cluster = controlPlane.Cluster;
        var home = await server.NamespaceAsync(cluster);
        var name = $"removal-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}";

        (await ApplyAsync(cluster, home, name, before)).EnsureSuccess();
        Assert.False(IsEmpty(await FieldAsync(cluster, home, name, field)), "The field was not there.");
        var applied = await ApplyAsync(cluster, home, name, after);

        Assert.True(applied.IsSuccess, applied.Error);
        var left = await FieldAsync(cluster, home, name, field);
        Assert.True(IsEmpty(left), $"{field} is {left?.ToJsonString()}");
    }

    private static Task<ServerAnswer> ApplyAsync(Cluster cluster, string home, string name, string line) => cluster.Client.ApplyAsync(
        YamlManifests.Read($"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: ServiceKey
            metadata: {"{"}name: {name}, namespace: {home}{"}"}
            spec:
              className: none
              service: s3
              multiRegion: true
              {line}
            """).Single(),
        validation: "Ignore");

    private static async Task<JsonNode?> FieldAsync(Cluster cluster, string home, string name, string field)
    {
        var found = (await cluster.Client.FindAsync($"sk/{name}", home))!["spec"];
        foreach (var part in field.Split('.'))
            found = found?[part];
        return found;
    }

    private static bool IsEmpty(JsonNode? node) => node is null or JsonArray { Count: 0 } or JsonObject { Count: 0 };
}
