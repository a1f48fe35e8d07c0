using System.Text.Json.Nodes;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Sharding;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Sharding;

/// <summary>Several operators that share the work on one cluster and one AWS, under one clock, with the leases as they are shipped.</summary>
internal sealed class ShardedOperators : IDisposable
{
    public const string Namespace = "team";

    /// <summary>Shorter than as shipped: the leases are renewed every two seconds, and a long wait costs the test time.</summary>
    public static readonly TimeSpan ConsistencyWindow = TimeSpan.FromMinutes(1);

    // The SDK goes on on another thread after AssumeRole, so all keys are in one account, in many Regions.
    private static readonly string[] Regions =
    [
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1", "ap-southeast-1", "ap-southeast-2",
        "ap-northeast-1",
    ];

    private readonly List<string> _violations = [];
    private int _started = 1;

    public ShardedOperators(int shards, int operators, OperatorTestOptions? options = null)
    {
        Shards = shards;
        Operators = new OperatorUnderTest((options ?? new OperatorTestOptions()) with { ConsistencyWindow = ConsistencyWindow });
        Operators.Kill();
        Operators.User.EnsureNamespace(Namespace);
        Operators.User.EnsureNamespace("kms-operator-system");

        // The first one was started by the constructor, and killed.
        Names = [.. Enumerable.Range(0, operators).Select(_ => Start())];
    }

    public int Shards { get; }

    public OperatorUnderTest Operators { get; }

    /// <summary>The names of the operators that were started first.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Starts one more operator.</summary>
    /// <param name="shards">Its number of shards, when it is not that of the others.</param>
    /// <param name="api">What it has for its API server, given the connection to it.</param>
    /// <param name="aws">What it sends through to AWS, given AWS.</param>
    /// <returns>Its name.</returns>
    public string Start(int? shards = null, Func<IKubernetesApi, IKubernetesApi>? api = null, Func<HttpMessageHandler, HttpMessageHandler>? aws = null)
    {
        var identity = $"operator-{++_started}";
        var count = shards ?? Shards;
        _ = Operators.Start(new OperatorWiring
        {
            Lease = new LeaderLeaseOptions(),
            Shards = count,
            Api = api,
            Aws = inner => new WriteWatch(aws?.Invoke(inner) ?? inner, (region, operation) => Check(identity, count, region, operation)),
        });
        return identity;
    }

    /// <summary>Erases the holder of a shard's lease and puts somebody else there, as a person with kubectl could.</summary>
    public void StealLease(int shard) => Operators.User.Patch("Lease", LeaseKey(shard), """{"spec": {"holderIdentity": "somebody", "leaseDurationSeconds": 15}}""");

    /// <summary>Makes a class in each of twelve Regions.</summary>
    /// <returns>Their names.</returns>
    public IReadOnlyList<string> AddClasses()
    {
        foreach (var region in Regions)
            AddClass(region, region);
        return Regions;
    }

    /// <summary>Makes a class, or changes it.</summary>
    public void AddClass(string name, string region, params string[] fields) => Operators.User.Apply($$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: KeyClass
        metadata: {name: {{name}}}
        spec:
          region: {{region}}
          aliasPrefix: acme
          aliasTemplate: "{prefix}/{namespace}/{name}"
          access: {administrators: [Admin]}
        {{string.Join("\n", fields.Select(field => "  " + field))}}
        """);

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

    /// <summary>Lets all operators work for more than the consistency window and all that waits for it.</summary>
    public Task RestAsync() => Operators.SettleAsync(3 * ConsistencyWindow);

    /// <summary>Holds that every resource is ready and has exactly the one key that carries its name.</summary>
    public async Task AssertOneKeyEachAsync()
    {
        var owners = (await Operators.Aws.KeysAsync()).Select(key => (string)key["tags"]!["servicekey.dev/owner"]!).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(owners.Distinct(), owners);
        Assert.Empty(_violations);
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

    private static NamespacedName LeaseKey(int? shard) => new("kms-operator-system", shard is { } number ? ShardElection.NameOf("kms-operator", number) : "kms-operator");

    /// <summary>Holds that whoever sends a write has the lease of the account and Region at that moment, and that nobody works with another number of shards.</summary>
    private void Check(string identity, int count, string region, string operation)
    {
        if (operation is "ReplicateKey" or "RotateKeyOnDemand")
            return;
        var isAlone = count == 1;
        var shard = new ShardMap(count).OfPlace(SimulatedAws.AccountId, region);
        if (HolderOf(null) != (isAlone ? identity : $"shards-of-{count}") || (!isAlone && HolderOf(shard) != identity))
            _violations.Add($"{identity} sends {operation} to {region} while {HolderOf(null)} and, for shard {shard}, {HolderOf(shard)} hold the leases.");
    }

    private string? HolderOf(int? shard) => (string?)Operators.User.Find("Lease", LeaseKey(shard))?["spec"]?["holderIdentity"];

    /// <summary>Sees every write to KMS just before it is sent.</summary>
    private sealed class WriteWatch(HttpMessageHandler inner, Action<string, string> sends) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // Those of the event queue change no key.
            if (AwsRequest.OperationOf(request) is { } operation and not ("ReceiveMessage" or "DeleteMessageBatch") && !AwsRequest.IsRead(operation))
                sends(AwsRequest.RegionOf(request)!, operation);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
