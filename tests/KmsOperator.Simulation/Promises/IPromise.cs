using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>Something that must always hold, or hold in the end. What each check returns says who or what breaks it; null when nothing does.</summary>
internal interface IPromise
{
    /// <summary>The promise in plain words.</summary>
    string Statement { get; }

    /// <summary>Asked when an operator sends a write to AWS.</summary>
    string? AtSend(SimulatedWorld world, OperatorProcess sender, AwsCall call) => null;

    /// <summary>Asked when that write arrives, before it has its effect.</summary>
    string? BeforeEffect(SimulatedWorld world, OperatorProcess sender, AwsCall call) => null;

    /// <summary>Asked after every change of the cluster or of AWS.</summary>
    string? Always(SimulatedWorld world) => null;

    /// <summary>Asked when faults have stopped: what is still open.</summary>
    string? InTheEnd(SimulatedWorld world) => null;
}

/// <summary>The promises.</summary>
internal static class Promise
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<IPromise> All() =>
    [
        new OneKeyForEachResource(),
        new NoUnknownKey(),
        new NoUnaskedDeletion(),
        new NoRetainedKeyDisabled(),
        new NoKeyLeftEnabledUnderDisable(),
        new NoNamespaceHeld(),
        new NoLostKeyReplaced(),
        new NoDeletionOfAPrimaryAsReplica(),
        new NoWriteToAnothersKey(),
        new NoAliasTaken(),
        new NoForeignGrantRevoked(),
        new OneWriterAtATime(),
        new RotatedOnceForEachValue(),
        new ReadyIsTrue(),
        new NoAliasLeftBehind(),
        new AsDescribedInTheEnd(),
    ];
}
