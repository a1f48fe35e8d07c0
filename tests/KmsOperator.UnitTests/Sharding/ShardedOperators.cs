using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using KmsSimulator;
using Xunit;

namespace KmsOperator.UnitTests.Sharding;

/// <summary>Several operators that share the work on one cluster and one AWS, under one clock, with the leases as they are shipped.</summary>
internal sealed class ShardedOperators : IDisposable
{
    public const string Namespace = "team";

    // The SDK goes on on another thread after AssumeRole, so all keys are in one account, in many Regions.
    private static readonly string[] Regions =
    [
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1", "ap-southeast-1", "ap-southeast-2",
        "ap-northeast-1",
    ];

    private readonly OperatorWiring _wiring;

    public ShardedOperators(int shards, int operators, OperatorTestOptions? options = null)
    {
        Shards = shards;
        _wiring = new OperatorWiring { Lease = new LeaderLeaseOptions(), Shards = shards };
        Operators = new OperatorUnderTest(options ?? new OperatorTestOptions { Simulator = new SimulatorOptions { QuotaScale = 0, Seed = 1 } });
        Operators.Kill();
        Operators.User.EnsureNamespace(Namespace);
        Operators.User.EnsureNamespace("kms-operator-system");

        // The first one was started by the constructor, and killed.
        Names = [.. Enumerable.Range(2, operators).Select(number => $"operator-{number}")];
        for (var i = 0; i < operators; i++)
            Start();
    }

    public int Shards { get; }

    public OperatorUnderTest Operators { get; }

    /// <summary>The names of the operators that were started first.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Starts one more operator.</summary>
    public Action Start(OperatorWiring? wiring = null) => Operators.Start((wiring ?? _wiring) with { Lease = _wiring.Lease, Shards = Shards });

    /// <summary>Makes a class in each of twelve Regions.</summary>
    /// <returns>Their names.</returns>
    public IReadOnlyList<string> AddClasses()
    {
        foreach (var region in Regions)
        {
            Operators.User.Apply($$"""
                apiVersion: kms.servicekey.dev/v1alpha1
                kind: KeyClass
                metadata: {name: {{region}}}
                spec: {region: {{region}}, aliasPrefix: acme, aliasTemplate: "{prefix}/{namespace}/{name}", access: {administrators: [Admin] } }
                """);
        }
        return Regions;
    }

    /// <summary>Makes a ServiceKey.</summary>
    public void AddKey(string name, string className, params string[] fields) => Operators.User.Apply(
        $$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: ServiceKey
        metadata: {name: {{name}}}
        spec:
          className: {{className}}
        {{string.Join("\n", fields.Select(field => "  " + field))}}
        """,
        Namespace);

    /// <summary>Lets all operators work.</summary>
    public Task SettleAsync(int seconds = 60) => Operators.SettleAsync(TimeSpan.FromSeconds(seconds));

    /// <summary>Holds that every resource is ready and has exactly the one key that carries its name.</summary>
    public async Task AssertOneKeyEachAsync()
    {
        var owners = (await Operators.Aws.KeysAsync()).Select(key => (string)key["tags"]!["servicekey.dev/owner"]!).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(owners.Distinct(), owners);
        var resources = Resources().ToList();
        Assert.Equal(resources.Select(resource => $"{resource["kind"]}/{Namespace}/{resource["metadata"]!["name"]}").Order(StringComparer.Ordinal), owners);
        Assert.All(resources, resource => Assert.True(IsReady(resource), resource.ToJsonString()));
    }

    /// <summary>How many shards each of some operators holds.</summary>
    public IReadOnlyList<int> Held(IEnumerable<string> names) => [.. names.Select(name => Operators.ShardsOf(name).Count)];

    /// <summary>The shards that some operators hold, in order.</summary>
    public IReadOnlyList<int> Covered(IEnumerable<string> names) => [.. names.SelectMany(Operators.ShardsOf).Order()];

    public static bool IsReady(JsonObject resource) =>
        (resource["status"]?["conditions"] as JsonArray)?.Any(one => (string?)one!["type"] == "Ready" && (string?)one["status"] == "True") == true;

    public IEnumerable<JsonObject> Resources() => Operators.User.List("ServiceKey").Concat(Operators.User.List("KeyReplica"));

    public void Dispose() => Operators.Dispose();
}
