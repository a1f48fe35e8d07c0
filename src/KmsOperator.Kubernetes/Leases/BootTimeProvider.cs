using System.Runtime.InteropServices;

namespace KmsOperator.Kubernetes;

/// <summary>The system's clock, with timestamps that also count the time while the machine was suspended.</summary>
/// <remarks>
/// <see cref="TimeProvider.System"/> takes its timestamps from CLOCK_MONOTONIC, which stands still while a machine sleeps or a virtual
/// machine is suspended; a lease would look younger than it is. CLOCK_BOOTTIME is the same clock with that time counted. Both run on while a
/// process is stopped (SIGSTOP) or frozen. Where there is no CLOCK_BOOTTIME, the timestamps are the system's.
/// Source: clock_gettime(2).
/// </remarks>
public sealed class BootTimeProvider : TimeProvider
{
    private const int ClockBootTime = 7;
    private const long NanosecondsPerSecond = 1_000_000_000;
    private static readonly bool HasBootTime = OperatingSystem.IsLinux() && ClockGetTime(ClockBootTime, out _) == 0;

    /// <inheritdoc />
    public override long TimestampFrequency => HasBootTime ? NanosecondsPerSecond : System.TimestampFrequency;

    /// <inheritdoc />
    public override long GetTimestamp() =>
        HasBootTime && ClockGetTime(ClockBootTime, out var time) == 0 ? (time.Seconds * NanosecondsPerSecond) + time.Nanoseconds : System.GetTimestamp();

    [DllImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ClockGetTime(int clock, out Timespec time);

    /// <summary>C's timespec on 64-bit Linux, the only one that the operator runs on.</summary>
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
