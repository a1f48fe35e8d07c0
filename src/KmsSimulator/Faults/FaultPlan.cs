using System.Collections.Immutable;

namespace KmsSimulator.Faults;

/// <summary>The faults that are still to come.</summary>
internal sealed class FaultPlan
{
    private readonly Lock _gate = new();
    private ImmutableArray<Fault> _pending = [];

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

    public void Clear()
    {
        lock (_gate)
            _pending = [];
    }

    /// <summary>The faults that hit this call, in the order in which they were set.</summary>
    public ImmutableArray<Fault> Next(string operation, string account, string? region)
    {
        lock (_gate)
        {
            if (_pending.IsEmpty)
                return [];
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
            return hits.ToImmutable();
        }
    }
}
