using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.ApiServer;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>An operator with one KeyClass, and what tests of keys do with it. Tests see what users see: manifests, status, events and KMS.</summary>
internal sealed class Scenario : IDisposable
{
    public const string Namespace = "team";

    private Scenario(OperatorTestOptions? options) => Operator = new OperatorUnderTest(options);

    public OperatorUnderTest Operator { get; }

    public ClusterUser User => Operator.User;

    public SimulatedAws Aws => Operator.Aws;

    /// <summary>Starts the operator, and makes the class <c>standard</c>, the default one.</summary>
    /// <param name="classFields">More lines of its spec.</param>
    public static async Task<Scenario> StartAsync(params string[] classFields) => await StartAsync(null, classFields);

    public static async Task<Scenario> StartAsync(OperatorTestOptions? options, params string[] classFields)
    {
        var scenario = new Scenario(options);
        await scenario.ApplyAsync(Class(classFields));
        Assert.Equal("Available", scenario.Condition("KeyClass", "standard", "Ready")?.Reason);
        return scenario;
    }

    public static string Class(params string[] fields) => $$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: KeyClass
        metadata:
          name: standard
          annotations: {kms.servicekey.dev/is-default-class: "true"}
        spec:
          region: us-east-1
          aliasPrefix: acme
          access: {administrators: [Admin]}
        {{Lines(fields)}}
        """;

    public static string Key(string name, params string[] fields) => Manifest("ServiceKey", name, fields);

    public static string Replica(string name, params string[] fields) => Manifest("KeyReplica", name, fields);

    /// <summary>Applies manifests, and lets the operator work for a minute.</summary>
    public async Task ApplyAsync(string manifests)
    {
        User.Apply(manifests, Namespace);
        await Operator.SettleAsync();
    }

    /// <summary>Deletes an object, and lets the operator work for a minute. What it owned goes as well.</summary>
    public async Task DeleteAsync(string kind, string name)
    {
        User.Delete(kind, Id(kind, name));
        Operator.Server.CollectGarbage();
        await Operator.SettleAsync();
        Operator.Server.CollectGarbage();
        await Operator.SettleAsync();
    }

    /// <summary>Sets an annotation, and lets the operator work for a minute.</summary>
    public async Task AnnotateAsync(string kind, string name, string annotation, string? value)
    {
        User.Annotate(kind, Id(kind, name), annotation, value);
        await Operator.SettleAsync();
    }

    /// <summary>Lets the operator work for a quarter of an hour: more than the consistency window and all that waits for it.</summary>
    public Task RestAsync() => Operator.SettleAsync(TimeSpan.FromMinutes(15));

    /// <summary>Makes every call of an operation fail until <see cref="SimulatedAws.ClearFaultsAsync"/>.</summary>
    /// <param name="operation">KMS's or STS's name of it.</param>
    /// <param name="kind">For example <c>accessDenied</c>; see <c>docs/simulator.md</c>.</param>
    public Task BreakAsync(string operation, string kind = "accessDenied") =>
        Aws.PostAsync("/_sim/faults", $$"""{"operation": "{{operation}}", "kind": "{{kind}}", "count": 100000}""");

    /// <summary>Erases the whole status of an object, as a restore without status does.</summary>
    public void EraseStatus(string kind, string name)
    {
        var erased = new JsonObject();
        foreach (var field in User.Get(kind, Id(kind, name))["status"]!.AsObject())
            erased[field.Key] = null;
        User.Patch(kind, Id(kind, name), new JsonObject { ["status"] = erased }.ToJsonString(), "status");
    }

    /// <summary>A string in the status of an object; null when it is not there.</summary>
    public string? Status(string kind, string name, string field) => (string?)User.Get(kind, Id(kind, name))["status"]?[field];

    /// <summary>The notes of all events about an object, oldest first.</summary>
    public IReadOnlyList<string> Events(string name) =>
        [.. User.List("Event").Where(e => (string?)e["regarding"]?["name"] == name).Select(e => $"{e["reason"]}: {e["note"]}")];

    /// <summary>A condition of an object; null when it is not there.</summary>
    public (string Status, string Reason, string Message)? Condition(string kind, string name, string type) =>
        (User.Get(kind, Id(kind, name))["status"]?["conditions"] as JsonArray)?.FirstOrDefault(condition => (string)condition!["type"]! == type) is { } found
            ? ((string)found["status"]!, (string)found["reason"]!, (string)found["message"]!)
            : null;

    /// <summary>Holds that a resource is ready for this reason.</summary>
    public void AssertReady(string kind, string name, string reason = "Available")
    {
        var ready = Condition(kind, name, "Ready");
        Assert.True(ready is { Status: "True" } && ready.Value.Reason == reason, $"{kind} {name}: {ready}");
        Assert.Null(Condition(kind, name, "Reconciling"));
        Assert.Null(Condition(kind, name, "Stalled"));
    }

    /// <summary>Holds that a resource waits for a person, for this reason.</summary>
    public void AssertStalled(string kind, string name, string reason)
    {
        var ready = Condition(kind, name, "Ready");
        Assert.True(ready is { Status: "False" } && ready.Value.Reason == reason, $"{kind} {name}: {ready}");
        Assert.Equal("True", Condition(kind, name, "Stalled")?.Status);
    }

    public static NamespacedName Id(string kind, string name) => new(kind == "KeyClass" ? "" : Namespace, name);

    public static string[] Aliases(JsonObject key) => [.. key["aliases"]!.AsArray().Select(alias => (string)alias!)];

    /// <summary>How often an operation was called so far.</summary>
    public async Task<int> CallsAsync(string operation) => (await Aws.CallsAsync()).GetValueOrDefault(operation);

    public void Dispose() => Operator.Dispose();

    private static string Manifest(string kind, string name, string[] fields) => $$"""
        ---
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: {{kind}}
        metadata: {name: {{name}}}
        spec:
        {{Lines(fields)}}

        """;

    private static string Lines(string[] fields) => string.Join("\n", fields.Select(field => "  " + field));
}
