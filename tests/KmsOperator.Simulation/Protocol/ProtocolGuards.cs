namespace KmsOperator.Simulation.Protocol;

/// <summary>What protects the creation of a key. Each can be taken out, to see that the search finds what it protects against.</summary>
internal sealed record ProtocolGuards
{
    /// <summary>The attempt is in the resource's annotation before CreateKey is sent.</summary>
    public bool RecordBeforeCreate { get; init; } = true;

    /// <summary>The record is refused when the resource has changed since it was read.</summary>
    public bool OptimisticLock { get; init; } = true;

    /// <summary>An undecided attempt's key is looked for by its tag.</summary>
    public bool LookForTheKey { get; init; } = true;

    /// <summary>Another key is made only when the consistency window has passed since this process looked first.</summary>
    public bool WaitOutTheWindow { get; init; } = true;

    /// <summary>The window is waited out from the first look for the key on, and not from the record, which may be much older than the send.</summary>
    public bool CountFromTheFirstLook { get; init; } = true;

    /// <summary>Before the send the process makes sure that its lease was renewed within its own deadline.</summary>
    public bool CheckTheLease { get; init; } = true;

    /// <summary>
    /// The same before an attempt is put on record, which may take another's attempt off it. The search finds nothing without it any more, since a key is stored
    /// and found whatever the record says. The operator checks all the same.
    /// </summary>
    public bool CheckTheLeaseBeforeTheRecord { get; init; } = true;

    /// <summary>A finalizer without a record that can be read stands for an attempt all the same: people may edit annotations.</summary>
    public bool FinalizerStandsForAnAttempt { get; init; } = true;
}

/// <summary>The times of the model, in ticks.</summary>
/// <remarks>
/// What is assumed of the world: a process that has checked its lease sends within <see cref="SendDelay"/>, a call takes effect within
/// <see cref="CallDelay"/> or never, and KMS shows a key after <see cref="StaleReads"/>. The protocol is right when these three together are
/// less than the window and what a lease outlasts its holder's deadline: <see cref="Window"/> + <see cref="LeaseDuration"/> −
/// <see cref="RenewDeadline"/>.
/// </remarks>
internal sealed record ProtocolTimes
{
    public int LeaseDuration { get; init; } = 2;

    public int RenewDeadline { get; init; } = 1;

    public int Window { get; init; } = 3;

    public int SendDelay { get; init; } = 1;

    public int CallDelay { get; init; } = 1;

    public int StaleReads { get; init; } = 1;

    /// <summary>How often a process is killed at most.</summary>
    public int Crashes { get; init; } = 2;

    /// <summary>How often people edit the record at most.</summary>
    public int Edits { get; init; }

    /// <summary>Whether KMS can refuse a call, and the API server's answer to the record can be lost, so that a process knows of an attempt that it made no key.</summary>
    public bool MayRefuse { get; init; }

    /// <summary>Whether a call can be lost before it has an effect.</summary>
    public bool MayLoseCalls { get; init; } = true;

    /// <summary>How many attempts are followed, up to 3.</summary>
    public int Attempts { get; init; } = 3;
}
