using System.Collections.Immutable;

namespace KmsSimulator.Faults;

/// <summary>The faults that are still to come, and the calls that wait to be let go.</summary>
internal sealed class FaultPlan
{
    private readonly Lock _gate = new();
    private ImmutableArray<Fault> _pending = [];
    private TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _held;

    /// <summary>What is left, with <see cref="Fault.Nth"/> and <see cref="Fault.Count"/> counted from now.</summary>
    public ImmutableArray<Fault> Remaining
    {
        get
        {
            lock (_gate)
                return _pending;
        }
    }

    public void Add(IEnumerable<Fault> faults)
    {
        lock (_gate)
            _pending = _pending.AddRange(faults);
    }

    /// <summary>Drops what is left, and lets go the calls that are held.</summary>
    public void Clear()
    {
        lock (_gate)
            _pending = [];
        Release();
    }

    /// <summary>Lets go the calls that are held now.</summary>
    /// <returns>How many these are.</returns>
    public int Release()
    {
        lock (_gate)
        {
            var held = _held;
            _held = 0;
            _release.SetResult();
            _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return held;
        }
    }

    /// <summary>The faults that hit this call, in the order in which they were set.</summary>
    public FaultHits Next(string operation, string account, string? region)
    {
        lock (_gate)
        {
            if (_pending.IsEmpty)
                return new([], Task.CompletedTask);
            var hits = ImmutableArray.CreateBuilder<Fault>();
            var left = ImmutableArray.CreateBuilder<Fault>();
            foreach (var fault in _pending)
            {
                if (!fault.Concerns(operation, account, region))
                {
                    left.Add(fault);
                }
                else if (fault.Nth > 1)
                {
                    left.Add(fault with { Nth = fault.Nth - 1 });
                }
                else
                {
                    hits.Add(fault);
                    if (fault.Count > 1)
                        left.Add(fault with { Count = fault.Count - 1 });
                }
            }

            _pending = left.ToImmutable();
            if (hits.Any(fault => fault.Kind == FaultKind.Hold))
                _held++;
            return new(hits.ToImmutable(), _release.Task);
        }
    }
}

/// <summary>What hits one call.</summary>
/// <param name="Faults">In the order in which they were set.</param>
/// <param name="Release">Ends when calls that are held are let go next; taken with the faults, so that no release is missed.</param>
internal readonly record struct FaultHits(ImmutableArray<Fault> Faults, Task Release);
