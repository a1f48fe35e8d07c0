using CsCheck;
using KmsOperator.Aws;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Aws;

public sealed class TokenBucketProperties
{
    private enum Action
    {
        Take,
        Advance,
        Throttle,
        Serve,
    }

    private static readonly Gen<Step> GenStep =
        from action in Gen.Frequency((6, Gen.Const(Action.Take)), (3, Gen.Const(Action.Advance)), (1, Gen.Const(Action.Throttle)), (2, Gen.Const(Action.Serve)))
        from milliseconds in Gen.Int[1, 3000]
        select new Step(action, milliseconds);

    [Fact]
    public void In_no_span_of_time_go_more_requests_than_a_burst_and_the_rate_allow() =>
        Gen.Select(Gen.Double[0.1, 50], GenStep.List[0, 150]).Sample((rate, steps) =>
        {
            var sent = Send(rate, steps);
            var burst = Math.Max(1, rate);
            for (var first = 0; first < sent.Count; first++)
            {
                for (var last = first; last < sent.Count; last++)
                    Assert.True(last - first + 1 <= burst + (rate * (sent[last] - sent[first])) + 1e-3);
            }
        }, iter: 1_000);

    [Fact]
    public void The_rate_stays_between_a_twentieth_and_all_of_it() =>
        Gen.Select(Gen.Double[0.1, 50], GenStep.List[0, 150]).Sample((rate, steps) =>
        {
            Send(rate, steps, bucket => Assert.InRange(bucket.Rate, rate * 0.05 * 0.999, rate * 1.001));
        }, iter: 1_000);

    [Fact]
    public void Who_asks_all_the_time_gets_the_full_rate() =>
        Gen.Double[0.6, 50].Sample(rate =>
        {
            var asked = Enumerable.Repeat<Step[]>([new(Action.Take, 0), new(Action.Take, 0), new(Action.Advance, 20)], 1000).SelectMany(steps => steps);
            // Twenty seconds, and what was given out for the two after.
            Assert.InRange(Send(rate, asked).Count, Math.Floor(rate * 21), Math.Ceiling(rate * 22) + Math.Max(1, rate));
        }, iter: 100);

    /// <summary>The times, in seconds, at which requests go.</summary>
    private static List<double> Send(double rate, IEnumerable<Step> steps, Action<TokenBucket>? check = null)
    {
        var time = new FakeTimeProvider();
        var bucket = new TokenBucket(rate, time);
        var sent = new List<double>();
        var now = 0.0;
        foreach (var (action, milliseconds) in steps)
        {
            switch (action)
            {
                case Action.Take when bucket.Take(TimeSpan.FromSeconds(2)) is { } wait:
                    Assert.InRange(wait, TimeSpan.Zero, TimeSpan.FromSeconds(2));
                    sent.Add(now + wait.TotalSeconds);
                    break;
                case Action.Advance:
                    time.Advance(TimeSpan.FromMilliseconds(milliseconds));
                    now += milliseconds / 1000.0;
                    break;
                case Action.Throttle:
                    bucket.SlowDown(time.GetTimestamp());
                    break;
                case Action.Serve:
                    bucket.Recover();
                    break;
                default:
                    break;
            }

            check?.Invoke(bucket);
        }

        return sent;
    }

    private readonly record struct Step(Action Action, int Milliseconds);
}
