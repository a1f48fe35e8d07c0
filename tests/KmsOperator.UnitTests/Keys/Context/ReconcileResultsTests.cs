using KmsOperator.Api;
using KmsOperator.Keys;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Delete;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.UnitTests.Kubernetes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Context;

public sealed class ReconcileResultsTests
{
    private readonly InMemoryApi _api = new();
    private readonly RecordedEvents _events = new();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // reason, whether a person is needed, seconds that were named, whether AWS answered before, what the flow is told, why
    public static TheoryData<string, bool, int?, bool, FlowOutcome, string> Errors => new()
    {
        { Reasons.InvalidSpec, true, null, false, FlowOutcome.Unknown, "a spec's fault says nothing of its account" },
        { Reasons.AccessDenied, true, null, true, FlowOutcome.Served, "AWS answered, if not as hoped" },
        { Reasons.Throttled, false, null, false, FlowOutcome.Throttled, "the account has no room for the others either" },
        { Reasons.Throttled, false, 7, true, FlowOutcome.Throttled, "also when it answered the calls before that" },
        { Reasons.Unavailable, false, null, true, FlowOutcome.Throttled, "nor do the others get an answer" },
        { Reasons.Unavailable, true, null, true, FlowOutcome.Served, "one key's state is not its account's" },
        { Reasons.Progressing, false, 7, false, FlowOutcome.Unknown, "the time is known" },
        { Reasons.Progressing, false, 7, true, FlowOutcome.Served, "the time is known, and the account answers" },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task What_an_error_stopped_is_tried_again_and_the_queue_is_told_what_concerns_the_whole_class(
        string reason, bool isStalled, int? seconds, bool awsAnswered, FlowOutcome flowOutcome, string why)
    {
        TimeSpan? after = seconds is { } named ? TimeSpan.FromSeconds(named) : null;
        var error = isStalled ? ReconcileError.Terminal(reason, "words") : ReconcileError.Transient(reason, "words");
        var result = ReconcileResults.TryAgain(error, after, awsAnswered);
        Assert.Equal((after is null, after), (result.RetryReason is not null, result.After));
        Assert.True(result.FlowOutcome == flowOutcome, why);

        // At the end of a reconcile it is the same, and the status says why.
        var context = await ContextAsync();
        Assert.Equal(result, await context.CompleteAsync(KeyResult.Failed(context.Status, error) with { IsCompared = awsAnswered, RequeueAfter = after }, Ct));
        Assert.Equal([("Ready", "False", reason), (isStalled ? "Stalled" : "Reconciling", "True", reason)], Conditions(context));
        Assert.Equal([$"{(isStalled ? "Warning" : "Normal")} {reason}"], _events.Recorded);
    }

    [Fact]
    public async Task What_comes_right_by_itself_is_Reconciling_and_no_reason_to_worry()
    {
        var context = await ContextAsync();
        var result = await context.CompleteAsync(ReconcileError.Transient(Reasons.ClassNotReady, "words"), Ct);
        Assert.NotNull(result.RetryReason);
        Assert.Equal(FlowOutcome.Unknown, result.FlowOutcome);
        Assert.Equal([("Ready", "False", Reasons.ClassNotReady), ("Reconciling", "True", Reasons.ClassNotReady)], Conditions(context));
        Assert.Equal([$"Normal {Reasons.ClassNotReady}"], _events.Recorded);
    }

    // the key's state, whether something was changed or asked, seconds that were named, the reason, why
    public static TheoryData<string, bool, int?, string, string> Successes => new()
    {
        { KeyStates.Enabled, true, 7, Reasons.Available, "it is compared again when its time has come" },
        { KeyStates.Enabled, false, null, Reasons.Available, "nothing is to be done until something changes" },
        { KeyStates.Disabled, true, 7, Reasons.KeyDisabled, "as asked, but nobody can use it, so it is said" },
    };

    [Theory]
    [MemberData(nameof(Successes))]
    public async Task A_key_that_is_as_described_is_Ready(string state, bool changed, int? seconds, string reason, string why)
    {
        TimeSpan? after = seconds is { } named ? TimeSpan.FromSeconds(named) : null;
        var context = await ContextAsync(status: new KeyStatus { KeyState = state, Arn = "arn:the-key" });
        var result = await context.CompleteAsync(KeyResult.Ready(context.Status) with { IsCompared = changed, RequeueAfter = after }, Ct);
        Assert.Equal((false, after), (result.RetryReason is not null, result.After));
        Assert.Equal(changed ? FlowOutcome.Served : FlowOutcome.Unknown, result.FlowOutcome);
        Assert.Equal([("Ready", "True", reason)], Conditions(context));
        Assert.True(context.Resource.Status!.Conditions![0].Message.StartsWith("arn:the-key is ", StringComparison.Ordinal), why);
    }

    [Theory]
    [InlineData(false, "does not look at the key")]
    [InlineData(true, "the deletion waits")]
    public async Task A_suspended_resource_is_left_until_it_changes_and_says_what_that_means(bool isDeleting, string message)
    {
        var context = await ContextAsync(isDeleting);
        Assert.Equal(ReconcileResult.Done, await context.CompleteSuspendedAsync(Suspension.MessageFor(context.Resource), Ct));
        Assert.Equal([("Ready", "Unknown", Reasons.Suspended)], Conditions(context));
        Assert.Contains(message, context.Resource.Status!.Conditions![0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_end_again_writes_nothing_and_tells_nobody()
    {
        var context = await ContextAsync();
        var error = ReconcileError.Terminal(Reasons.InvalidSpec, "words");
        await context.CompleteAsync(error, Ct);
        _time.Advance(TimeSpan.FromHours(1));
        var requests = _api.Requests.Count;
        await context.CompleteAsync(error, Ct);
        Assert.Equal(requests, _api.Requests.Count);
        Assert.Single(_events.Recorded);

        await context.CompleteAsync(ReconcileError.Terminal(Reasons.InvalidSpec, "other words"), Ct);
        Assert.Equal(requests + 1, _api.Requests.Count);
        Assert.Single(_events.Recorded);
    }

    // spec.suspend, managementPolicy Observe, part of what is said, why
    public static TheoryData<bool?, bool, string?, string> Untouched => new()
    {
        { null, false, null, "nothing forbids it" },
        { false, false, null, "nothing forbids it" },
        { true, false, "spec.suspend", "nobody is to touch it" },
        { null, true, "Observe", "nothing was ever written to it" },
        { true, true, "spec.suspend", "what was said last, by a person, comes first" },
    };

    [Theory]
    [MemberData(nameof(Untouched))]
    public void A_key_that_is_not_to_be_written_to_is_left_with_a_reason(bool? suspend, bool observeOnly, string? part, string why)
    {
        var reason = DeletionRequest.WhyUntouched(suspend == true, observeOnly);
        Assert.True(part is null ? reason is null : reason?.Contains(part, StringComparison.Ordinal) == true, why);
    }

    // what the server has, whether it is what the cache has, why
    public static TheoryData<string, bool, string> Servers => new()
    {
        { "the same", true, "nothing has happened" },
        { "a new status", true, "a status changes nothing of what was decided" },
        { "a new spec", false, "what was decided rests on the spec of before" },
        { "another resource", false, "deleted and made again under the name" },
        { "nothing", false, "it is gone" },
    };

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_cached_resource_is_current_while_the_server_has_its_spec(string server, bool isCurrent, string why)
    {
        var cached = new ServiceKey { Metadata = new() { Namespace = "team", Name = "one", Uid = "uid", Generation = 2 } };
        if (server != "nothing")
        {
            await _api.CreateAsync(
                ResourceTypes.ServiceKeys,
                server switch
                {
                    "a new status" => cached with { Status = new() { KeyId = "key-1" } },
                    "a new spec" => cached with { Metadata = cached.Metadata with { Generation = 3 } },
                    "another resource" => cached with { Metadata = cached.Metadata with { Uid = "another" } },
                    _ => cached,
                },
                Ct);
        }

        Assert.True(await _api.IsCurrentAsync(ResourceTypes.ServiceKeys, cached, Ct) == isCurrent, why);
    }

    [Fact]
    public void All_errors_of_a_spec_are_one_error_and_none_is_no_error()
    {
        Assert.Null(SpecErrors.Join([]));
        var error = SpecErrors.Join([new FieldError("spec.a", "is wrong"), new FieldError("spec.b", "is missing")])!;
        Assert.Equal((true, Reasons.InvalidSpec), (error.IsTerminal, error.Reason));
        Assert.Equal("spec.a: is wrong; spec.b: is missing", error.Message);
    }

    /// <summary>A reconcile of a resource that the server has.</summary>
    private async Task<ReconcileContext<ServiceKey>> ContextAsync(bool isDeleting = false, KeyStatus? status = null)
    {
        var resource = await _api.CreateAsync(
            ResourceTypes.ServiceKeys,
            new ServiceKey
            {
                Metadata = new() { Namespace = "team", Name = "one", Generation = 1, DeletionTimestamp = isDeleting ? _time.GetUtcNow() : null },
                Status = status,
            },
            Ct);
        return new ReconcileContext<ServiceKey>(_api, _events, _time, ResourceTypes.ServiceKeys, resource, new ReconcileCacheEntry());
    }

    private static (string Type, string Status, string Reason)[] Conditions(ReconcileContext<ServiceKey> context) =>
        [.. context.Resource.Status!.Conditions!.Select(condition => (condition.Type, condition.Status, condition.Reason))];

    private sealed class RecordedEvents : IEventRecorder
    {
        public List<string> Recorded { get; } = [];

        public void Record(IResource regarding, EventType type, string reason, string action, string note) => Recorded.Add($"{type} {reason}");
    }
}
