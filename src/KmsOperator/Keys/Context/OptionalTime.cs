namespace KmsOperator.Keys.Context;

/// <summary>A time or none, in a third of the memory that <see cref="Nullable{DateTimeOffset}"/> takes: the cache keeps many for each resource.</summary>
/// <param name="time">The time; null for none.</param>
internal readonly struct OptionalTime(DateTimeOffset? time)
{
    private readonly long _utcTicks = time?.UtcTicks ?? 0;

    /// <summary>The time, in UTC; null for none.</summary>
    public DateTimeOffset? Value => _utcTicks == 0 ? null : new DateTimeOffset(_utcTicks, TimeSpan.Zero);

    /// <summary>The later one of this time and another.</summary>
    public OptionalTime OrLater(DateTimeOffset other) => Value >= other ? this : new OptionalTime(other);
}
