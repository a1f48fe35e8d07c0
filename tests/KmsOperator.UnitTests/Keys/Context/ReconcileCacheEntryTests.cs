using KmsOperator.Keys.Context;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Context;

/// <summary>What is remembered of calls that may still arrive.</summary>
public sealed class ReconcileCacheEntryTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(15, 0, 15, "a killed process may have sent its call later than this one lost its own")]
    [InlineData(0, 15, 15, "the last call counts")]
    [InlineData(15, 15, 15, "it is the same time")]
    public void Of_two_calls_that_may_still_arrive_the_later_one_counts(int first, int second, int expected, string why)
    {
        var entry = new ReconcileCacheEntry();
        foreach (var seconds in new[] { first, second })
        {
            entry.RecordUnansweredChange(Now.AddSeconds(seconds));
            entry.DelayRelease(Now.AddSeconds(seconds));
        }

        Assert.True(entry.ChangeUnansweredAt == Now.AddSeconds(expected), why);
        Assert.True(entry.ReleaseDelayedSince == Now.AddSeconds(expected), why);
    }
}
