using CsCheck;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>A queue with flows under any order of calls. Key <c>k</c> is in flow <c>k % Flows</c>; the last flow is none.</summary>
public sealed class WorkQueueFlowProperties
{
    private const int Keys = 12;
    private const int Flows = 4;

    private enum Action
    {
        Add,
        Take,
        DoneNeutral,
        DoneServed,
        DoneThrottled,
    }

    [Fact]
    public void Each_key_that_is_added_is_handed_out_once_and_limits_are_kept() =>
        Gen.Select(Gen.Enum<Action>(), Gen.Int[0, Keys - 1]).List[0, 80].Sample(Check, iter: 5_000);

    [Fact]
    public void No_flow_starves_whatever_the_others_add_and_however_long_they_take() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[0, Flows - 1].List[200, 300]).Sample((workers, choices) =>
        {
            using var queue = MakeQueue();
            var next = new int[Flows];
            var waits = new int[Flows];
            var inHand = new List<int>();
            for (var key = 0; key < Keys; key++)
                queue.Add(key);
            foreach (var choice in choices)
            {
                while (inHand.Count < workers && TryTake(queue, out var key))
                {
                    inHand.Add(key);
                    for (var flow = 0; flow < Flows; flow++)
                        waits[flow] = flow == key % Flows || inHand.Any(held => held % Flows == flow) ? 0 : waits[flow] + 1;

                    // Each flow has a key that waits or is in hand; one without a worker comes before all that have one.
                    Assert.All(waits, wait => Assert.True(wait < Flows));
                }

                // Some worker comes back, as the generator says, and its key waits again.
                var done = inHand[choice % inHand.Count];
                inHand.Remove(done);
                queue.Done(done);
                queue.Add(done);
            }
        });

    [Fact]
    public async Task Many_threads_with_flows_and_limits_see_every_addition_followed_by_work()
    {
        using var queue = MakeQueue();
        await QueueUnderLoad.RunAsync(queue, Keys, (key, passes) =>
        {
            if (passes % 3 > 0)
                queue.Report(key, passes % 3 == 1 ? FlowOutcome.Served : FlowOutcome.Throttled);
        });
    }

    private static void Check(List<(Action, int)> steps)
    {
        using var queue = MakeQueue();
        var waiting = new List<int>();
        var again = new HashSet<int>();
        var inHand = new List<int>();
        var limits = new int[Flows];
        Array.Fill(limits, int.MaxValue);

        bool MayTake(int key) => inHand.Count(held => held % Flows == key % Flows) < limits[key % Flows];

        void Done(int key, FlowOutcome outcome)
        {
            if (!inHand.Contains(key))
                return;
            queue.Report(key, outcome);
            queue.Done(key);
            inHand.Remove(key);
            if (again.Remove(key))
                waiting.Add(key);
            ref var limit = ref limits[key % Flows];
            if (key % Flows != Flows - 1 && outcome != FlowOutcome.Unknown)
                limit = outcome == FlowOutcome.Throttled ? 2 : limit < 16 ? limit + 1 : int.MaxValue;
        }

        foreach (var (action, key) in steps)
        {
            switch (action)
            {
                case Action.Add:
                    queue.Add(key);
                    if (inHand.Contains(key))
                        again.Add(key);
                    else if (!waiting.Contains(key))
                        waiting.Add(key);
                    break;
                case Action.Take:
                    var found = TryTake(queue, out var taken);
                    Assert.Equal(waiting.Any(MayTake), found);
                    if (found)
                    {
                        Assert.True(MayTake(taken));
                        // First come, first served inside the flow.
                        Assert.Equal(waiting.First(other => other % Flows == taken % Flows), taken);
                        waiting.Remove(taken);
                        inHand.Add(taken);
                    }
                    break;
                default:
                    Done(key, action switch
                    {
                        Action.DoneServed => FlowOutcome.Served,
                        Action.DoneThrottled => FlowOutcome.Throttled,
                        _ => FlowOutcome.Unknown,
                    });
                    break;
            }
            Assert.Equal(waiting.Count + again.Count, queue.Depth);
        }

        // Whatever the limits are, all of it is handed out in the end, and nothing more.
        while (waiting.Count + inHand.Count > 0)
        {
            if (TryTake(queue, out var taken))
            {
                Assert.True(waiting.Remove(taken));
                inHand.Add(taken);
            }
            else
            {
                Assert.NotEmpty(inHand);
                Done(inHand[0], FlowOutcome.Unknown);
            }
        }
        Assert.Equal(0, queue.Depth);
    }

    private static WorkQueue<int> MakeQueue() => new(
        new FakeTimeProvider(), new Random(1), flowOf: key => key % Flows == Flows - 1 ? null : $"flow {key % Flows}");

    private static bool TryTake(WorkQueue<int> queue, out int key)
    {
        using var cancelled = new CancellationTokenSource();
        var taken = queue.TakeAsync(cancelled.Token);
        key = taken.IsCompletedSuccessfully ? taken.Result.Key : -1;
        if (!taken.IsCompletedSuccessfully)
            cancelled.Cancel();
        return taken.IsCompletedSuccessfully;
    }
}
