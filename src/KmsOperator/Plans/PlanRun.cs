using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Hosting;
using KmsOperator.Keys.Classes;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Observability.Metrics;
using KmsOperator.Planning;
using KmsOperator.Plans.Calls;
using KmsOperator.Plans.Cluster;
using KmsOperator.Plans.Steps;
using Microsoft.Extensions.Logging.Abstractions;

namespace KmsOperator.Plans;

/// <summary>
/// Finds out what the operator would do, by letting it do it: the reconcilers of <c>run</c> work on a copy of the cluster with the manifests applied, and on a
/// KMS whose reads are real and whose writes are recorded. There is no other code that decides what a key needs.
/// </summary>
/// <param name="newClients">Makes AWS clients whose KMS transport is wrapped.</param>
/// <param name="time">The clock.</param>
internal sealed class PlanRun(Func<Func<HttpMessageHandler, HttpMessageHandler>, AwsClients> newClients, TimeProvider time)
{
    // What one reconcile makes possible, the next one does: replicas after their primary, the rest after a deletion was cancelled.
    private const int MaxPasses = 6;
    private const int MaxThrottledPasses = 5;
    private const string UnknownCluster = "(unknown)";
    private static readonly Dictionary<(string Kind, NamespacedName Key), JsonObject> NoObjects = [];

    /// <summary>Makes a plan.</summary>
    /// <param name="input">What of.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <exception cref="KubernetesApiException">The cluster refused to be read.</exception>
    /// <exception cref="StartFailedException">The cluster id cannot be told.</exception>
    public async Task<PlanReport> RunAsync(PlanInput input, CancellationToken cancellationToken)
    {
        var now = new FrozenTime(time.GetUtcNow());
        var caches = new ResourceCaches(NullLoggerFactory.Instance);
        var cluster = new PlanCluster(caches, now, input.Cluster);
        var unreadable = input.Cluster is { } api ? await ClusterContent.LoadAsync(api, cluster, cancellationToken) : [];
        var notes = unreadable.ToList();

        var live = input is { Cluster: { } server, Manifests: { } applied } ? await OwnershipReading.ReadAsync(server, applied, input.Namespace, cancellationToken) : NoObjects;
        var overlay = new ManifestOverlay(cluster, input.Namespace, input.Cluster is not null, now, live);
        var manifests = input.Manifests is { } set ? overlay.Put(set) : null;
        notes.AddRange(input.Cluster is null ? overlay.AdmitUnknownNamespaces() : overlay.FindMissingNamespaces(manifests?.Keys ?? []));
        var scope = new PlanScope(caches, manifests);
        var recorder = new CallRecorder();
        var planned = new PlannedKeys(now);
        using var clients = newClients(inner => new DryTransport(recorder, planned, now, inner));

        // The operator waits for KMS to show what it wrote lately. A plan takes what KMS shows now for what is.
        var tags = new OwnerTags(new RegionalClientFactory(clients, now, TimeSpan.Zero), now.GetUtcNow());
        var clusterId = input.ClusterId ?? await FindClusterIdAsync(tags, caches, scope, cancellationToken);
        var settings = new OperatorSettings(clusterId ?? UnknownCluster, TimeSpan.FromHours(10), TimeSpan.Zero, input.DeletionGuard) { ReadsLastUse = false, ReadsMaterial = false };
        using var meter = new Meter("kms-operator-plan");
        var kinds = ReconcilerComposition.Register(ReconcilerComposition.Create(
            cluster, new NoEvents(), caches, clients, settings, input.Concurrency, now, new Random(0), () => "planned-attempt",
            new OperatorMetrics(meter, OperatorHost.Version), NullLoggerFactory.Instance));
        var pass = new PlanPass(cluster, recorder, kinds, new UnknownUids(cluster, tags, settings.ClusterId), input.Concurrency, input.Progress);
        await RepeatAsync(pass, cluster, scope, cancellationToken);
        var resources = new PlanFindings(caches, scope, planned, overlay.Refused).Collect(pass.Calls);
        if (clusterId is null && resources.Any(ShowsUnknownCluster))
        {
            notes.Add($"No --cluster-id was given and no key of these resources carries one, so the tag servicekey.dev/cluster is shown as {UnknownCluster}.");
        }

        return new PlanReport(clusterId, resources, notes)
        {
            IsIncomplete = input.Manifests is null && unreadable.Count > 0,
        };
    }

    private async Task RepeatAsync(PlanPass pass, PlanCluster cluster, PlanScope scope, CancellationToken cancellationToken)
    {
        var throttled = 0;
        for (var passes = 0; passes < MaxPasses; passes++)
        {
            var version = cluster.Version;
            await pass.RunAsync(scope, cancellationToken);
            if (PlanPass.IsThrottled(scope) && ++throttled <= MaxThrottledPasses)
            {
                await Task.Delay(TimeSpan.FromSeconds(1 << throttled), time, cancellationToken);
                passes--;
            }
            else if (cluster.Version == version)
            {
                return;
            }
        }
    }

    /// <summary>Whether a reader sees that the cluster id is not known. Nobody does where AWS could not be asked, or where no key gets tags.</summary>
    private static bool ShowsUnknownCluster(ResourcePlan resource) =>
        resource.Steps.SelectMany(step => step.Changes).Any(change => change.After == UnknownCluster) || resource.WithFull.Any(step => step.Summary.Contains(UnknownCluster, StringComparison.Ordinal));

    /// <summary>The cluster id that the keys of the resources carry.</summary>
    private static async Task<string?> FindClusterIdAsync(OwnerTags tags, ResourceCaches caches, PlanScope scope, CancellationToken cancellationToken)
    {
        var classes = new ClassDirectory(caches.KeyClasses, caches.Namespaces);
        var resources = scope.ServiceKeys().Select(key => (Key: key, KeyClass: classes.Find(key.Spec.ClassName)))
            .Where(one => one.KeyClass is not null && SpecValidation.Validate(one.Key).Count + SpecValidation.Validate(one.KeyClass).Count == 0)
            .Select(one => (one.Key, one.KeyClass!));
        return await tags.FindClusterIdsAsync(resources, cancellationToken) switch
        {
            [] => null,
            [var only] => only,
            var several => throw new StartFailedException($"--cluster-id: the keys of these resources carry several cluster ids: {string.Join(", ", several)}. Give the one of the cluster that the manifests are for."),
        };
    }
}
