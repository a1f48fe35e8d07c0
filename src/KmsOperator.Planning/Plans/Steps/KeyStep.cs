namespace KmsOperator.Planning;

/// <summary>One change of one key, as one KMS call. A step carries all that is specific to its call.</summary>
/// <param name="Operation">The KMS operation.</param>
/// <param name="Field">What part of the key it changes.</param>
/// <param name="Summary">What changes, for people, without the operation's name.</param>
public abstract record KeyStep(string Operation, DriftField Field, string Summary)
{
    /// <summary>The alias that the step writes; null for a step that writes none.</summary>
    public virtual string? AliasName => null;

    /// <summary>
    /// Whether a resource that is being deleted stays while the call may still arrive. What such a call does late, nobody would look for afterwards: it schedules or cancels the
    /// deletion of the key, enables it, takes tags off it, or makes an alias or a grant that no status has on record.
    /// </summary>
    public virtual bool DelaysRelease => false;

    /// <summary>
    /// Whether the status must say that the key is being changed before the step is tried. Where it need not, the step leaves nothing that a comparison with the spec would not
    /// find, and a spec that is newer than the status is reason enough for the next process to compare.
    /// </summary>
    public virtual bool NeedsRecord => true;

    /// <summary>
    /// Whether the step must not be tried once an earlier step of the plan was refused. KMS refuses most changes of a key that is pending deletion, so
    /// everything depends on its cancellation.
    /// </summary>
    /// <param name="refused">The earlier step.</param>
    public virtual bool DependsOn(KeyStep refused) => refused is CancelKeyDeletionStep;

    /// <summary>The key as it is once the step has succeeded.</summary>
    public abstract ObservedKey ApplyTo(ObservedKey key);

    /// <summary>
    /// The key as it is, given what KMS showed shortly after the step: a value that the step changed and that reads as before the step is
    /// stale and is replaced by what was written. Any other value was written by somebody else and stays.
    /// </summary>
    /// <param name="seen">The key as KMS showed it.</param>
    /// <param name="before">The key before the step.</param>
    public abstract ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before);

    /// <summary><c>Operation: summary</c>, for events, logs and plans.</summary>
    public sealed override string ToString() => $"{Operation}: {Summary}";
}
