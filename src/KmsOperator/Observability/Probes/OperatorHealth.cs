using System.Collections.Concurrent;

namespace KmsOperator.Observability.Probes;

/// <summary>Whether the operator is alive and ready, as its probes are told.</summary>
/// <param name="synced">Completes when the caches are filled.</param>
internal sealed class OperatorHealth(Task synced)
{
    private readonly ConcurrentQueue<(string Name, Task Part)> _parts = new();
    private volatile bool _stopping;

    /// <summary>Why a restart would help; null while all parts run. A stop that was asked for is no reason.</summary>
    public string? WhyNotAlive =>
        !_stopping && _parts.FirstOrDefault(part => part.Part.IsCompleted) is { Name: { } name } ? $"{name} has ended" : null;

    /// <summary>Why the instance could not lead if it had to; null when it could. Leadership is not needed for it.</summary>
    public string? WhyNotReady => synced.IsCompletedSuccessfully ? null : "caches are not filled yet";

    /// <summary>Names a part that must not end by itself.</summary>
    public void Needs(string name, Task part) => _parts.Enqueue((name, part));

    /// <summary>From now on parts may end.</summary>
    public void Stopping() => _stopping = true;
}
