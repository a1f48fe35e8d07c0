namespace KmsOperator.IntegrationTests.Faults;

/// <summary>What a run came to.</summary>
/// <param name="End">The end state; see <see cref="EndState"/>.</param>
/// <param name="Points">The side effects, in their order.</param>
/// <param name="Hit">Whether the fault struck.</param>
internal sealed record RunResult(string End, IReadOnlyList<FaultPoint> Points, bool Hit);

/// <summary>What several undisturbed runs of one flow came to.</summary>
/// <param name="End">The end state of each of them.</param>
/// <param name="Points">The side effects that each of them had.</param>
/// <param name="Dropped">Those that some of them had; only reports, see <see cref="FaultPoint.MayVary"/>.</param>
internal sealed record UndisturbedRuns(string End, IReadOnlyList<FaultPoint> Points, IReadOnlyList<FaultPoint> Dropped);
