namespace KmsOperator.Benchmarks.Reporting;

/// <summary>What keys cost at one size.</summary>
/// <param name="Size">How many keys there are.</param>
/// <param name="Milliseconds">By the clock, for each new key.</param>
/// <param name="BareMilliseconds">The same writes without an operator, for each key.</param>
/// <param name="QuotaMilliseconds">The least that the quota of <c>CreateKey</c> leaves, for each key.</param>
/// <param name="Cpu">The operator's CPU for each new key, in milliseconds.</param>
/// <param name="Calls">KMS calls for each new key.</param>
/// <param name="Memory">The operator's memory after a restart, in MiB.</param>
/// <param name="EmptyMemory">Its memory without keys, in MiB.</param>
internal sealed record ScaleRow(
    int Size, double Milliseconds, double BareMilliseconds, double QuotaMilliseconds, double Cpu, double Calls, double Memory, double EmptyMemory)
{
    /// <summary>Memory for each key, in KiB.</summary>
    public double KibibytesPerKey => (Memory - EmptyMemory) * 1024 / Size;

    /// <summary>Whether KMS's quota and not the operator says how long it takes. The operator keeps to the quotas also where the simulator does not.</summary>
    public bool IsBoundByQuota => QuotaMilliseconds > Milliseconds / 2;

    /// <summary>Whether the memory for each key says anything: what comes and goes with anything are megabytes, too much to divide by a few hundred keys.</summary>
    public bool HasManyKeys => Size >= 1000;

    /// <summary>The rows of a scene's figures, smallest first. Sizes with a figure missing are left out.</summary>
    public static IReadOnlyList<ScaleRow> Of(IEnumerable<BenchResult> results)
    {
        var bySize = results.GroupBy(result => result.Size).OrderBy(size => size.Key);
        return [.. bySize.Select(size => TryRead(size.Key, size.ToDictionary(result => result.Name, result => result.Value))).OfType<ScaleRow>()];
    }

    private static ScaleRow? TryRead(int size, Dictionary<string, double> of) =>
        of.TryGetValue("scale.ms", out var ms) && of.TryGetValue("scale.bare-ms", out var bare) && of.TryGetValue("scale.quota-ms", out var quota)
        && of.TryGetValue("scale.cpu", out var cpu) && of.TryGetValue("scale.calls", out var calls) && of.TryGetValue("scale.memory", out var memory)
        && of.TryGetValue("scale.empty-memory", out var empty)
            ? new ScaleRow(size, ms, bare, quota, cpu, calls, memory, empty)
            : null;
}
