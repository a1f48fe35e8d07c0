using KmsOperator.Keys.Context;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Context;

public sealed class ComparisonRequestsTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ComparisonRequests _requests = new();

    [Fact]
    public void Requests_that_nobody_has_taken_up_are_one_as_new_as_the_last_of_them()
    {
        var (first, isNew) = _requests.Ask("one", Now);
        var (second, isNewAgain) = _requests.Ask("one", Now.AddSeconds(1));

        Assert.Same(first, second);
        Assert.Equal((true, false), (isNew, isNewAgain));
        Assert.Equal(Now.AddSeconds(1), _requests.TakeUp("one")!.NotBefore);
        Assert.Null(_requests.TakeUp("two"));
    }

    [Fact]
    public void What_changes_during_a_comparison_needs_another_one()
    {
        var (first, _) = _requests.Ask("one", Now);
        _requests.TakeUp("one");

        var (second, isNew) = _requests.Ask("one", Now.AddSeconds(1));
        _requests.End("one", first, isDone: true);

        Assert.True(isNew);
        Assert.Equal((true, false), (first.WhenDone.IsCompleted, second.WhenDone.IsCompleted));
        Assert.Same(second, _requests.TakeUp("one"));
    }

    [Fact]
    public void A_comparison_that_came_to_nothing_leaves_the_request_open()
    {
        var (request, _) = _requests.Ask("one", Now);
        _requests.TakeUp("one");
        _requests.End("one", request, isDone: false);

        var (again, isNew) = _requests.Ask("one", Now.AddSeconds(1));
        Assert.Same(request, again);
        Assert.False(isNew);
        Assert.False(request.WhenDone.IsCompleted);

        _requests.TakeUp("one");
        _requests.End("one", request, isDone: true);
        Assert.True(request.WhenDone.IsCompleted);
        Assert.Null(_requests.TakeUp("one"));
    }

    [Fact]
    public void The_request_for_a_resource_that_is_gone_is_dropped()
    {
        _requests.Ask("one", Now);
        _requests.Remove("one");

        Assert.Null(_requests.TakeUp("one"));
    }
}
