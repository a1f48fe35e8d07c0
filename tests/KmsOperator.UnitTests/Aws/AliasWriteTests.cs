using KmsOperator.Aws;
using Xunit;

namespace KmsOperator.UnitTests.Aws;

public sealed class AliasWriteTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    // listed, seconds after the last write, doubt in seconds, expected, why
    public static TheoryData<string?, int, int, string?, string> Moved => new()
    {
        { "a", 10, 60, "b", "the list shows the state before the last write" },
        { null, 10, 60, "b", "the list shows the state before the write before that" },
        { "c", 10, 60, "c", "a target that none of the writes knows is somebody else's doing" },
        { "c", -1, 60, "b", "a list read before the last write cannot show it" },
        { "b", 10, 60, "b", "the list shows the last write" },
        { "a", 61, 60, "a", "after the doubt the list is believed" },
        { null, 55, 60, null, "the earlier write is older than the doubt, so that its state is no longer to be expected" },
    };

    [Theory]
    [MemberData(nameof(Moved))]
    public void A_list_is_taken_for_stale_while_it_shows_a_state_from_before_the_last_write(string? listed, int after, int doubt, string? expected, string why)
    {
        AliasWrite[] writes = [new(null, "a", Start), new("a", "b", Start.AddSeconds(10))];
        Assert.True(expected == AliasWrite.TargetOf(listed, [.. writes], Start.AddSeconds(10 + after), TimeSpan.FromSeconds(doubt)), why);
    }
}
