using System.Runtime.InteropServices;

namespace KmsOperator.Simulation.Protocol;

/// <summary>Where an operator's process is in the creation of the one key of the one resource.</summary>
internal enum OperatorStep : byte
{
    /// <summary>Not running.</summary>
    Down,

    /// <summary>Between two reconciliations.</summary>
    Idle,

    /// <summary>The attempt is on record, by the write that added the finalizer; CreateKey is not sent.</summary>
    Recorded,

    /// <summary>The lease was looked at for the last time before the send.</summary>
    Checked,

    /// <summary>CreateKey is sent; the answer is waited for.</summary>
    Sent,

    /// <summary>The key's id is known to this process and not stored. Alias and rotation are made meanwhile.</summary>
    Known,
}

/// <summary>What has become of a CreateKey call.</summary>
internal enum CallState : byte
{
    /// <summary>It was never sent.</summary>
    Unsent,

    /// <summary>It is under way.</summary>
    InFlight,

    /// <summary>It was lost before it had an effect.</summary>
    Lost,

    /// <summary>KMS has made the key.</summary>
    Made,
}

/// <summary>One operator's process. Ages count ticks of time, up to where they no longer matter.</summary>
internal readonly record struct OperatorState
{
    public OperatorStep Step { get; init; }

    /// <summary>Whether it believes that it leads; it may be wrong.</summary>
    public bool Leads { get; init; }

    /// <summary>The attempt on record as its cache has it; 0 for none.</summary>
    public byte CachedAttempt { get; init; }

    /// <summary>The stored key as its cache has it; 0 for none.</summary>
    public byte CachedKey { get; init; }

    /// <summary>Whether the resource is still as its cache has it, which the API server checks at a write.</summary>
    public bool CacheIsFresh { get; init; }

    /// <summary>The attempt in hand.</summary>
    public byte Attempt { get; init; }

    /// <summary>The attempt whose key this process looks for, and how long ago it first did so; 0 for none.</summary>
    public byte LookedFor { get; init; }

    public byte LookAge { get; init; }

    /// <summary>The attempt of which this process knows that it made no key: it was not sent, was refused, or was given up.</summary>
    public byte Settled { get; init; }

    /// <summary>How long ago it checked the lease before a send.</summary>
    public byte CheckAge { get; init; }
}

/// <summary>A CreateKey call and its key.</summary>
internal readonly record struct CallRecord(CallState State, byte Age);

/// <summary>The whole model's state: a resource, two operators, their lease, up to three calls of CreateKey.</summary>
internal readonly record struct ProtocolState
{
    /// <summary>A record from which no attempt can be read; the finalizer that came with it is there.</summary>
    public const byte Edited = 9;

    public OperatorState A { get; init; }

    public OperatorState B { get; init; }

    /// <summary>1 for A, 2 for B, 0 for nobody.</summary>
    public byte LeaseHolder { get; init; }

    public byte LeaseAge { get; init; }

    /// <summary>
    /// The attempt in the resource's annotation; 0 for none, in which case there is no finalizer either; <see cref="Edited"/> where people have removed or
    /// changed it. It stays when the key is stored.
    /// </summary>
    public byte RecordedAttempt { get; init; }

    /// <summary>How long ago the attempt was recorded; followed only where the guards count from there.</summary>
    public byte RecordAge { get; init; }

    /// <summary>How often people have edited the annotation.</summary>
    public byte Edits { get; init; }

    /// <summary>The key in the resource's status, by the attempt that made it; 0 for none.</summary>
    public byte StoredKey { get; init; }

    public byte Attempts { get; init; }

    public byte Crashes { get; init; }

    public CallRecord First { get; init; }

    public CallRecord Second { get; init; }

    public CallRecord Third { get; init; }

    /// <summary>The call of an attempt, 1 to 3.</summary>
    public CallRecord Call(int attempt) => attempt switch { 1 => First, 2 => Second, _ => Third };

    public ProtocolState WithCall(int attempt, CallRecord call) => attempt switch
    {
        1 => this with { First = call },
        2 => this with { Second = call },
        _ => this with { Third = call },
    };

    public OperatorState Operator(int number) => number == 1 ? A : B;

    public ProtocolState WithOperator(int number, OperatorState value) => number == 1 ? this with { A = value } : this with { B = value };

    /// <summary>This state or the one in which the two operators have changed places: the same one for both. What can happen in one can happen in the other.</summary>
    public ProtocolState Canonical()
    {
        var (a, b) = (A, B);
        var order = Bytes(in a).SequenceCompareTo(Bytes(in b));
        return order < 0 || (order == 0 && LeaseHolder != 2) ? this : this with { A = B, B = A, LeaseHolder = (byte)(LeaseHolder == 0 ? 0 : 3 - LeaseHolder) };
    }

    // All fields are single bytes, so a state is its bytes. Millions of states are compared.
    public bool Equals(ProtocolState other) => Bytes(in this).SequenceEqual(Bytes(in other));

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes(in this));
        return hash.ToHashCode();
    }

    private static ReadOnlySpan<byte> Bytes<T>(in T value)
        where T : struct => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value));
}
