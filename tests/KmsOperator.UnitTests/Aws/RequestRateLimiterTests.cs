using KmsOperator.Aws;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Aws;

public sealed class RequestRateLimiterTests
{
    private const string Account = "111122223333";
    private const string Region = "eu-central-1";
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new();
    private readonly RequestRateLimiter _limiter;

    // CreateKey: 5/s × 0.8 = 4/s.
    public RequestRateLimiterTests() => _limiter = new RequestRateLimiter(0.8, _time);

    [Fact]
    public async Task A_burst_of_one_seconds_worth_goes_at_once_and_what_follows_waits_for_its_slot()
    {
        for (var i = 0; i < 4; i++)
            Assert.NotNull(await Take());
        var fifth = Take();
        Assert.False(fifth.IsCompleted);

        _time.Advance(TimeSpan.FromMilliseconds(249));
        Assert.False(fifth.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.NotNull(await fifth);
    }

    [Fact]
    public async Task Who_would_wait_too_long_is_told_at_once_and_takes_nothing()
    {
        var granted = Enumerable.Range(0, 12).Select(_ => Take()).ToArray();
        Assert.Equal(4, granted.Count(request => request.IsCompleted));

        // The twelfth goes after two seconds; the thirteenth would go after two and a quarter.
        for (var i = 0; i < 100; i++)
            Assert.Null(await Take());
        _time.Advance(TimeSpan.FromMilliseconds(250));
        Assert.False(Take().IsCompleted);
        Assert.Null(await Take());
        _time.Advance(MaxWait);

        Assert.All(await Task.WhenAll(granted), Assert.NotNull);
    }

    [Fact]
    public async Task Each_account_Region_and_operation_has_its_own_rate_limit()
    {
        Drain();

        Assert.NotNull(await _limiter.TakeAsync("444455556666", Region, "CreateKey", MaxWait, CancellationToken.None));
        Assert.NotNull(await _limiter.TakeAsync(Account, "us-east-1", "CreateKey", MaxWait, CancellationToken.None));
        Assert.NotNull(await _limiter.TakeAsync(Account, Region, "CreateAlias", MaxWait, CancellationToken.None));
    }

    [Theory]
    [InlineData("arn:aws:iam::111122223333:role/kms", "111122223333", "two roles of an account share its quotas")]
    [InlineData("arn:aws-cn:iam::111122223333:role/path/kms", "111122223333", "in every partition")]
    [InlineData(null, "", "ambient credentials")]
    [InlineData("not an arn", "not an arn", "refused elsewhere, and no reason to fail here")]
    public void The_account_is_the_roles(string? roleArn, string account, string why) =>
        Assert.True(RequestRateLimiter.AccountOf(new AwsAccess(roleArn, null, Region)) == account, why);

    [Fact]
    public async Task A_share_so_small_that_no_second_has_a_request_still_lets_single_ones_go()
    {
        var limiter = new RequestRateLimiter(0.01, _time);

        Assert.NotNull(await limiter.TakeAsync(Account, Region, "CreateKey", MaxWait, CancellationToken.None));
        Assert.Null(await limiter.TakeAsync(Account, Region, "CreateKey", MaxWait, CancellationToken.None));
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.NotNull(await limiter.TakeAsync(Account, Region, "CreateKey", MaxWait, CancellationToken.None));
    }

    [Fact]
    public async Task Throttling_halves_the_rate_down_to_a_twentieth_and_each_second_with_an_answer_brings_a_twentieth_back()
    {
        var bucket = _limiter.BucketOf(Account, Region, "CreateKey");
        foreach (var rate in (double[])[2, 1, 0.5, 0.25, 0.2, 0.2])
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            (await Take())!.WasThrottled();
            Assert.Equal(rate, bucket.Rate, 6);
        }

        _time.Advance(TimeSpan.FromMinutes(1));
        var request = (await Take())!;
        request.WasServed();
        request.WasServed();
        Assert.Equal(0.4, bucket.Rate, 6);
        _time.Advance(TimeSpan.FromSeconds(0.9));
        request.WasServed();
        Assert.Equal(0.4, bucket.Rate, 6);
        for (var i = 0; i < 30; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            request.WasServed();
        }

        Assert.Equal(4, bucket.Rate, 6);
        Assert.Equal(4, _limiter.BucketOf(Account, Region, "CreateAlias").Rate, 6);
    }

    [Fact]
    public async Task Several_answers_to_one_burst_halve_the_rate_once()
    {
        var burst = await Task.WhenAll(Take(), Take(), Take());
        _time.Advance(TimeSpan.FromMilliseconds(100));
        foreach (var request in burst)
            request!.WasThrottled();

        Assert.Equal(2, _limiter.BucketOf(Account, Region, "CreateKey").Rate, 6);
    }

    [Fact]
    public async Task Who_gives_up_waiting_is_cancelled()
    {
        Drain();
        using var stop = new CancellationTokenSource();
        var limiter = new RequestRateLimiter(1, _time);
        for (var i = 0; i < 5; i++)
            await limiter.TakeAsync(Account, Region, "CreateKey", MaxWait, stop.Token);
        var waiting = limiter.TakeAsync(Account, Region, "CreateKey", MaxWait, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private void Drain()
    {
        for (var i = 0; i < 4; i++)
            Assert.True(Take().IsCompleted);
    }

    private Task<PermittedRequest?> Take() => _limiter.TakeAsync(Account, Region, "CreateKey", MaxWait, CancellationToken.None);
}
