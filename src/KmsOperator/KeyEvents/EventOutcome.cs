namespace KmsOperator.KeyEvents;

/// <summary>What became of a message of an event queue. All but <see cref="Unfinished"/> are deleted from the queue.</summary>
internal enum EventOutcome
{
    /// <summary>Somebody else changed a key of this cluster, and the key was compared, or the instance that has the key's shard was asked to.</summary>
    Compared,

    /// <summary>As <see cref="Compared"/>, but the comparison has not ended yet. SQS shows the message again, and it is decided anew.</summary>
    Unfinished,

    /// <summary>The operator itself made the call.</summary>
    OwnCall,

    /// <summary>No resource of this cluster has a key or an alias that it names.</summary>
    ForeignKey,

    /// <summary>The key was compared so long after the call that the comparison has seen its effect.</summary>
    AlreadyCompared,

    /// <summary>The resource is suspended, or is being deleted: it is compared when it is resumed, and before its key goes.</summary>
    NotReconciled,

    /// <summary>The same event was handled before.</summary>
    Duplicate,

    /// <summary>KMS refused the call, so it has changed nothing.</summary>
    FailedCall,

    /// <summary>A call that changes nothing that the operator compares.</summary>
    OtherOperation,

    /// <summary>Not an event of EventBridge with a CloudTrail record of KMS.</summary>
    NotAnEvent,
}
