using System.Net;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Status;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.ApiServer;
using KmsOperator.UnitTests.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Kinds;

/// <summary>What a resource that the operator cannot read shows. The server has the object; only the operator's cache says that it cannot be read.</summary>
public sealed class UnreadableReconcilerTests
{
    private static readonly NamespacedName One = new("team", "one");

    private readonly InMemoryApi _server = new();
    private readonly Caches _caches = new();
    private readonly RecordedEvents _events = new();
    private readonly Fence _fence = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Event_and_conditions_say_why_and_the_rest_of_the_status_stays()
    {
        var reconciler = await StartAsync("spec.service has the wrong type.");

        Assert.Equal(ReconcileResult.Done, await reconciler.ReconcileAsync(One, Ct));

        const string Message = "The operator cannot read this resource and does nothing for it: spec.service has the wrong type. Correct it, or delete it.";
        Assert.Equal([$"Warning InvalidSpec one: {Message}"], _events.Recorded);
        var status = (await ReadAsync()).Status!;
        Assert.Equal("the-key", status.KeyId);
        var ready = ResourceConditions.Find(status.Conditions, ConditionTypes.Ready)!;
        Assert.Equal(("False", "InvalidSpec", Message, 1L), (ready.Status, ready.Reason, ready.Message, ready.ObservedGeneration));
        Assert.Equal("True", ResourceConditions.Find(status.Conditions, ConditionTypes.Stalled)?.Status);
    }

    [Fact]
    public async Task It_is_said_once_for_each_generation()
    {
        var reconciler = await StartAsync("It is too large.");
        await reconciler.ReconcileAsync(One, Ct);

        // The watch brings the operator's own write.
        await SetUnreadableAsync("It is too large.");
        await reconciler.ReconcileAsync(One, Ct);
        Assert.Single(_events.Recorded);

        await _server.MergePatchAsync(ResourceTypes.ServiceKeys, One, new JsonObject { ["spec"] = new JsonObject { ["description"] = "longer" } }, null, Ct);
        await SetUnreadableAsync("It is still too large.", generation: 2);
        var version = (await ReadAsync()).Metadata.ResourceVersion;
        await reconciler.ReconcileAsync(One, Ct);
        Assert.Equal(2, _events.Recorded.Count);
        Assert.NotEqual(version, (await ReadAsync()).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_resource_that_became_unreadable_again_after_it_could_be_read_is_told_again()
    {
        var reconciler = await StartAsync("It is too large.");
        await reconciler.ReconcileAsync(One, Ct);

        _caches.Set(await ReadAsync());
        await reconciler.ReconcileAsync(One, Ct);
        await SetUnreadableAsync("It is too large.");
        await reconciler.ReconcileAsync(One, Ct);

        Assert.Equal(2, _events.Recorded.Count);
    }

    // what the server answers to the first patch; whether a later reconcile tries again
    public static TheoryData<HttpStatusCode, bool, string> Refusals => new()
    {
        { HttpStatusCode.UnprocessableEntity, false, "the object is not valid under the present CRD, which a status does not change" },
        { HttpStatusCode.RequestEntityTooLarge, false, "with the conditions the object is larger than the server takes" },
        { HttpStatusCode.Conflict, true, "the object has changed, and the watch brings the change" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Where_the_server_refuses_the_conditions_the_event_says_it(HttpStatusCode answer, bool isTriedAgain, string why)
    {
        var refusing = new RefusingApi(_server, answer);
        var reconciler = await StartAsync("It is too large.", refusing);

        Assert.Equal(ReconcileResult.Done, await reconciler.ReconcileAsync(One, Ct));
        await reconciler.ReconcileAsync(One, Ct);

        Assert.Single(_events.Recorded);
        Assert.True(refusing.Patches == (isTriedAgain ? 2 : 1), why);
    }

    [Fact]
    public async Task Without_the_lease_nothing_is_written()
    {
        var reconciler = await StartAsync("It is too large.");
        var version = (await ReadAsync()).Metadata.ResourceVersion;
        _fence.IsOpen = false;

        Assert.NotNull((await reconciler.ReconcileAsync(One, Ct)).RetryReason);
        Assert.Equal(version, (await ReadAsync()).Metadata.ResourceVersion);

        _fence.IsOpen = true;
        await reconciler.ReconcileAsync(One, Ct);
        Assert.NotEqual(version, (await ReadAsync()).Metadata.ResourceVersion);
    }

    private async Task<UnreadableReconciler<ServiceKey>> StartAsync(string message, IKubernetesApi? api = null)
    {
        await _server.CreateAsync(
            ResourceTypes.ServiceKeys,
            new ServiceKey { Metadata = new ObjectMeta { Namespace = "team", Name = "one", Generation = 1 }, Status = new KeyStatus { KeyId = "the-key" } },
            Ct);
        await SetUnreadableAsync(message);
        return new(api ?? _server, _events, new FakeTimeProvider(), ResourceTypes.ServiceKeys, _caches.Keys, _fence, NullLogger.Instance);
    }

    private async Task<ServiceKey> ReadAsync() => (await _server.GetAsync(ResourceTypes.ServiceKeys, One, Ct))!;

    private async Task SetUnreadableAsync(string message, long generation = 1) => _caches.Keys.SetUnreadable(new UnreadableObject(
        ApiGroup.ApiVersion, ServiceKey.KindName, (await ReadAsync()).Metadata with { Generation = generation }, UnreadableReason.Malformed, message));

    private sealed class Fence : IWriteFence
    {
        public bool IsOpen { get; set; } = true;

        public bool IsFresh => IsOpen;

        public Task WaitUntilFreshAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class RefusingApi(IKubernetesApi inner, HttpStatusCode answer) : ForwardingApi(inner)
    {
        public int Patches { get; private set; }

        public override Task<T> MergePatchAsync<T>(ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
        {
            Patches++;
            throw new KubernetesApiException(answer, "Refused", "The server refuses it.");
        }
    }

    private sealed class RecordedEvents : IEventRecorder
    {
        public List<string> Recorded { get; } = [];

        public void Record(IResource regarding, EventType type, string reason, string action, string note) =>
            Recorded.Add($"{type} {reason} {regarding.Metadata.Name}: {note}");
    }
}
