using CsCheck;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>The queue against a model of what may be asked of it: any order of calls, a few keys, a clock that only the calls move.</summary>
public sealed class WorkQueueProperties
{
    private const int Keys = 4;

    private static readonly Gen<Step> GenStep =
        from action in Gen.Enum<Action>()
        from key in Gen.Int[0, Keys - 1]
        from seconds in Gen.Int[1, 20]
        select new Step(action, key, seconds);

    private enum Action
    {
        Add,
        AddAfter,
        Take,
        Done,
        Advance,
    }

    [Fact]
    public void Nothing_is_lost_nothing_comes_twice_and_no_key_is_with_two_workers() =>
        GenStep.List[0, 60].Sample(Check, iter: 5_000);

    [Fact]
    public async Task Many_threads_see_every_addition_followed_by_work()
    {
        using var queue = new WorkQueue<int>(TimeProvider.System, new Random(1));
        await QueueUnderLoad.RunAsync(queue, Keys);
    }

    private static void Check(List<Step> steps)
    {
        var time = new FakeTimeProvider();
        using var queue = new WorkQueue<int>(time, new Random(1));
        var waiting = new List<int>();
        var inHand = new List<int>();
        var again = new HashSet<int>();
        var due = new Dictionary<int, int>();
        var now = 0;

        void Add(int key)
        {
            if (inHand.Contains(key))
                again.Add(key);
            else if (!waiting.Contains(key))
                waiting.Add(key);
        }

        foreach (var (action, key, seconds) in steps)
        {
            switch (action)
            {
                case Action.Add:
                    queue.Add(key);
                    Add(key);
                    break;
                case Action.AddAfter:
                    queue.AddAfter(key, TimeSpan.FromSeconds(seconds));
                    due[key] = Math.Min(now + seconds, due.GetValueOrDefault(key, int.MaxValue));
                    break;
                case Action.Take when waiting.Count > 0:
                    var taken = queue.TakeAsync(CancellationToken.None).AsTask();
                    Assert.True(taken.IsCompleted);
                    Assert.Equal((true, waiting[0]), taken.GetAwaiter().GetResult());
                    inHand.Add(waiting[0]);
                    waiting.RemoveAt(0);
                    break;
                case Action.Done when inHand.Contains(key):
                    queue.Done(key);
                    inHand.Remove(key);
                    if (again.Remove(key))
                        waiting.Add(key);
                    break;
                case Action.Advance:
                    // Second by second, since the model has no opinion on the order of keys that fall due together.
                    for (var i = 0; i < seconds; i++)
                    {
                        now++;
                        time.Advance(TimeSpan.FromSeconds(1));
                        var fallen = due.Where(pair => pair.Value == now).Select(pair => pair.Key).ToList();
                        foreach (var late in fallen)
                        {
                            due.Remove(late);
                            Add(late);
                        }
                        if (fallen.Count > 1)
                            return;
                    }
                    break;
                default:
                    break;
            }
            Assert.Equal(waiting.Count + again.Count, queue.Depth);
        }
    }

    private readonly record struct Step(Action Action, int Key, int Seconds);
}
