using KmsOperator.Hosting;
using Xunit;

namespace KmsOperator.UnitTests.Hosting;

public sealed class SteadyClockTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly SettableClock _system = new();

    [Fact]
    public void It_shows_the_systems_time_while_that_does_not_jump()
    {
        var clock = new SteadyClock(_system);
        _system.Pass(Minute);
        Assert.Equal(_system.GetUtcNow(), clock.GetUtcNow());
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void A_jump_of_the_systems_time_is_followed_by_a_tenth_of_the_time_that_passes(int seconds)
    {
        var clock = new SteadyClock(_system);
        var before = clock.GetUtcNow();
        _system.Jump(TimeSpan.FromSeconds(seconds));
        Assert.Equal(before, clock.GetUtcNow());
        _system.Pass(Minute);
        Assert.Equal(before + (Minute * (1 + (0.1 * Math.Sign(seconds)))), clock.GetUtcNow());
    }

    [Theory]
    [InlineData(30)]
    [InlineData(-30)]
    public void After_a_while_it_shows_the_systems_time_again(int seconds)
    {
        var clock = new SteadyClock(_system);
        _system.Jump(TimeSpan.FromSeconds(seconds));
        _system.Pass(Minute * 5);
        Assert.Equal(_system.GetUtcNow(), clock.GetUtcNow());
    }

    private sealed class SettableClock : TimeProvider
    {
        private long _timestamp;
        private DateTimeOffset _now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _timestamp;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Pass(TimeSpan time)
        {
            _timestamp += time.Ticks;
            _now += time;
        }

        public void Jump(TimeSpan by) => _now += by;
    }
}
