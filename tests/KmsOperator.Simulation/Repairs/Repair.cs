namespace KmsOperator.Simulation.Repairs;

/// <summary>Something in the operator that mends a kind of fault, and that a world can be run without.</summary>
internal enum Repair
{
    /// <summary>No write to AWS and to the cluster unless the lease was renewed just now.</summary>
    WriteFence,

    /// <summary>The status keeps the aliases that a key had or was about to get.</summary>
    AliasRecord,

    /// <summary>What is final is decided on what the API server says now, and not on what the watch last told.</summary>
    LiveRead,

    /// <summary>The status keeps a rotation on demand that was begun.</summary>
    RotationRecord,

    /// <summary>A resource whose status was lost is told from one that never had a key.</summary>
    LostStatus,

    /// <summary>After a failure or a silence all objects are listed again, in case that the server was restored from a backup.</summary>
    NewList,

    /// <summary>A key that became a primary is not deleted for a KeyReplica.</summary>
    PrimaryCheck,

    /// <summary>A step that is refused does not hold back the steps that do not depend on it.</summary>
    IndependentSteps,
}
