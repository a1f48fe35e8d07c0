using System.Collections.Concurrent;
using KmsOperator.Api;
using KmsOperator.Keys.Status;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Plans.Calls;
using KmsOperator.Plans.Cluster;

namespace KmsOperator.Plans;

/// <summary>Reconciles every resource of a plan once: KeyClasses, then ServiceKeys, then KeyReplicas.</summary>
/// <param name="cluster">The plan's cluster.</param>
/// <param name="recorder">Records KMS calls.</param>
/// <param name="kinds">The reconcilers.</param>
/// <param name="uids">Finds uids.</param>
/// <param name="concurrency">How many resources at the same time.</param>
/// <param name="progress">Called after each resource of the first pass; null for nobody.</param>
internal sealed class PlanPass(PlanCluster cluster, CallRecorder recorder, KindRegistration[] kinds, UnknownUids uids, int concurrency, Action<int, int>? progress)
{
    private static readonly string[] PassingReasons = [Reasons.Throttled, Reasons.Unavailable];

    private readonly ConcurrentDictionary<(string Kind, NamespacedName Key), ResourceCalls> _calls = new();
    private int _done;

    /// <summary>What was recorded for each resource that was looked at.</summary>
    public IReadOnlyDictionary<(string Kind, NamespacedName Key), ResourceCalls> Calls => _calls;

    /// <summary>Looks at all resources of a scope.</summary>
    public async Task RunAsync(PlanScope scope, CancellationToken cancellationToken)
    {
        await EachAsync(ResourceTypes.KeyClasses, scope.Classes(), "keyclass", _ => Task.CompletedTask, cancellationToken);
        var keys = scope.ServiceKeys();
        await EachAsync(ResourceTypes.ServiceKeys, keys, "servicekey", key => uids.ResolveAsync(key, cancellationToken), cancellationToken);
        await EachAsync(ResourceTypes.KeyReplicas, scope.KeyReplicas(keys), "keyreplica", replica => uids.ResolveAsync(replica, cancellationToken), cancellationToken);
    }

    /// <summary>Whether AWS has let a resource of the scope wait.</summary>
    public static bool IsThrottled(PlanScope scope) =>
        scope.ServiceKeys().Concat<IKeyResource>(scope.KeyReplicas(scope.ServiceKeys()))
            .Any(resource => PassingReasons.Contains(ResourceConditions.Find(resource.Status?.Conditions, ConditionTypes.Ready)?.Reason));

    private async Task EachAsync<T>(ResourceType<T> type, IReadOnlyList<T> resources, string kind, Func<T, Task> prepare, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var reconciler = kinds.Single(one => one.Name == kind).Reconciler;
        await Parallel.ForEachAsync(resources, new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellationToken }, async (resource, stop) =>
        {
            var key = NamespacedName.Of(resource);
            var isFirst = !_calls.TryGetValue((type.Kind, key), out var calls);
            if (isFirst)
            {
                calls = _calls[(type.Kind, key)] = new ResourceCalls(type.Kind, key, () => (cluster.Find(type, key) as IKeyResource)?.Status);
            }

            await recorder.ForAsync(calls!, async () =>
            {
                try
                {
                    if (isFirst)
                    {
                        await prepare(resource);
                        cluster.ForgetComparison(type, key);
                    }

                    await reconciler.ReconcileAsync(key, stop);
                }
                catch (Exception e) when (!stop.IsCancellationRequested)
                {
                    // The operator logs it and tries again. One resource must not take the plan of the others with it.
                    calls!.Failure = e.GetBaseException().Message;
                }
            });
            if (isFirst)
            {
                progress?.Invoke(Interlocked.Increment(ref _done), resources.Count);
            }
        });
    }
}
