using KmsOperator.Testing.Faults;

namespace KmsOperator.Testing.Flows;

/// <summary>What a run of a flow came to.</summary>
/// <param name="End">The end state; see <see cref="EndState"/>.</param>
/// <param name="Points">The side effects, in their order.</param>
/// <param name="Hit">Whether the fault struck.</param>
internal sealed record RunResult(string End, IReadOnlyList<FaultPoint> Points, bool Hit);
