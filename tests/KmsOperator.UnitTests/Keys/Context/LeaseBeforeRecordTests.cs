using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Status;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.UnitTests.Kubernetes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Context;

public sealed class LeaseBeforeRecordTests
{
    private static readonly CreateAttempt Attempt = new("2", DateTimeOffset.UnixEpoch);

    private readonly InMemoryApi _api = new();
    private readonly Lease _lease = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static IReadOnlyDictionary<string, Func<ReconcileContext<ServiceKey>, Task>> Writes { get; } = new Dictionary<string, Func<ReconcileContext<ServiceKey>, Task>>
    {
        ["an attempt is put on record over another"] = context => context.RecordAttemptAsync(Attempt, Ct),
        ["an attempt is taken off the record"] = context => context.WithdrawAttemptAsync(Ct),
        ["a status is written"] = context => context.WriteStatusAsync(context.Status, ReadyCondition.Waiting(Reasons.Progressing, "words"), Ct),
        ["a resource is let go"] = context => context.RemoveFinalizerAsync(Ct),
        ["a finalizer is added"] = context => context.AddFinalizerAsync(Ct),
    };

    public static TheoryData<string> Names => [.. Writes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Nothing_is_written_to_a_resource_by_a_process_that_may_lead_no_more(string write)
    {
        var context = await ContextAsync(write != "a finalizer is added");
        var before = context.Resource.Metadata.ResourceVersion;

        _lease.IsOpen = false;
        await Assert.ThrowsAsync<LeaseNotHeldException>(() => Writes[write](context));
        Assert.Equal(before, (await _api.GetAsync(ResourceTypes.ServiceKeys, new NamespacedName("team", "one"), Ct))!.Metadata.ResourceVersion);

        _lease.IsOpen = true;
        await Writes[write](context);
        Assert.NotEqual(before, (await _api.GetAsync(ResourceTypes.ServiceKeys, new NamespacedName("team", "one"), Ct))?.Metadata.ResourceVersion);
    }

    private async Task<ReconcileContext<ServiceKey>> ContextAsync(bool hasFinalizer)
    {
        var resource = await _api.CreateAsync(
            ResourceTypes.ServiceKeys,
            new ServiceKey
            {
                Metadata = new() { Namespace = "team", Name = "one", Generation = 1, Finalizers = hasFinalizer ? [ApiGroup.Finalizer] : null, Annotations = (Attempt with { Id = "1" }).ToAnnotations() },
            },
            Ct);
        return new ReconcileContext<ServiceKey>(_api, new NoEvents(), new FakeTimeProvider(), ResourceTypes.ServiceKeys, resource, new ReconcileCacheEntry(), _lease);
    }

    private sealed class Lease : IWriteFence
    {
        public bool IsOpen { get; set; } = true;

        public bool IsFresh => IsOpen;

        public Task WaitUntilFreshAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
