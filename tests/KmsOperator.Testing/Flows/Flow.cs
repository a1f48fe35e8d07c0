namespace KmsOperator.Testing.Flows;

/// <summary>Something that users do, or that happens to their keys, and what is there before it.</summary>
/// <param name="Name">For people.</param>
/// <param name="Prepare">What is there before; without faults.</param>
/// <param name="Act">What happens.</param>
internal sealed record Flow(string Name, Func<FlowUser, Task> Prepare, Func<FlowUser, Task> Act)
{
    /// <summary>All flows of the matrix.</summary>
    public static IReadOnlyList<Flow> All { get; } = [.. KeyFlows.All, .. ForeignFlows.All, .. ReplicaFlows.All, .. PrimaryFlows.All, .. MaterialFlows.All];

    /// <summary>How often the operator compares keys with KMS by itself; longer than any run, unless that is the subject.</summary>
    public TimeSpan DriftPeriod { get; init; } = TimeSpan.FromHours(10);

    /// <summary>The flow of that name.</summary>
    public static Flow Named(string name) => All.Single(flow => flow.Name == name);

    /// <summary>Nothing is there before.</summary>
    public static Task Nothing(FlowUser user) => Task.CompletedTask;

    public override string ToString() => Name;
}
