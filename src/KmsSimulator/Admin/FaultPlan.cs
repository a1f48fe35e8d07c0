namespace KmsSimulator.Admin;

/// <summary>What goes wrong with a request.</summary>
internal enum FaultKind
{
    /// <summary>ThrottlingException.</summary>
    Throttle,

    /// <summary>KMSInternalException, HTTP 500, without effect.</summary>
    Error5xx,

    /// <summary>AccessDeniedException.</summary>
    AccessDenied,

    /// <summary>The connection is closed before the request has an effect.</summary>
    DropBefore,

    /// <summary>The connection is closed after it.</summary>
    DropAfter,

    /// <summary>The answer is late.</summary>
    Delay,
}

/// <summary>A fault to come.</summary>
/// <param name="Operation">The operation; <c>*</c> for all.</param>
/// <param name="Kind">What happens.</param>
/// <param name="Nth">Which matching request it begins with, counted from when the fault was set; 1 is the next one.</param>
/// <param name="Count">How many requests it hits.</param>
/// <param name="Account">Only this account.</param>
/// <param name="Region">Only this Region.</param>
/// <param name="Delay">How late.</param>
internal sealed record Fault(string Operation, FaultKind Kind, int Nth, int Count, string? Account, string? Region, TimeSpan Delay);

/// <summary>The faults that tests asked for.</summary>
internal sealed class FaultPlan
{
    private readonly Lock _lock = new();
    private readonly List<Pending> _pending = [];

    /// <summary>Faults that have not all happened yet.</summary>
    public IReadOnlyList<Fault> Remaining
    {
        get
        {
            lock (_lock)
            {
                return [.. _pending.Select(pending => pending.Fault with { Nth = Math.Max(1, pending.Fault.Nth - pending.Seen), Count = pending.Left })];
            }
        }
    }

    /// <summary>Adds a fault.</summary>
    public void Add(Fault fault)
    {
        lock (_lock)
        {
            _pending.Add(new Pending(fault));
        }
    }

    /// <summary>Drops all faults.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _pending.Clear();
        }
    }

    /// <summary>What happens to this request, if anything.</summary>
    public Fault? Next(string operation, string account, string region)
    {
        lock (_lock)
        {
            Fault? hit = null;
            foreach (var pending in _pending)
            {
                var fault = pending.Fault;
                if ((fault.Operation != "*" && fault.Operation != operation)
                    || (fault.Account ?? account) != account || (fault.Region ?? region) != region)
                {
                    continue;
                }

                pending.Seen++;
                if (hit is null && pending.Seen >= fault.Nth && pending.Left > 0)
                {
                    pending.Left--;
                    hit = fault;
                }
            }

            _pending.RemoveAll(pending => pending.Left == 0);
            return hit;
        }
    }

    private sealed class Pending(Fault fault)
    {
        public Fault Fault { get; } = fault;

        public int Seen { get; set; }

        public int Left { get; set; } = fault.Count;
    }
}
