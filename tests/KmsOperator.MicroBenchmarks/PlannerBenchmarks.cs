using BenchmarkDotNet.Attributes;
using KmsOperator.Planning;

namespace KmsOperator.MicroBenchmarks;

/// <summary>What every comparison of a key with KMS does once KMS has answered.</summary>
public class PlannerBenchmarks
{
    [Benchmark]
    public int Resolve_what_a_resource_comes_to() => ServiceKeyResolver.Resolve(SampleKey.Resource, SampleKey.Class, "111122223333", "cluster").Value!.Tags.Count;

    [Benchmark]
    public bool Plan_an_unchanged_key()
    {
        var plan = KeyPlanner.Plan(SampleKey.Desired, SampleKey.Unchanged, SampleKey.Record);
        return plan.IsEmpty ? true : throw new InvalidOperationException(string.Join(", ", plan.Steps));
    }

    [Benchmark]
    public int Plan_a_key_that_was_changed()
    {
        var steps = KeyPlanner.Plan(SampleKey.Desired, SampleKey.Changed, SampleKey.Record).Steps.Count;
        return steps >= 6 ? steps : throw new InvalidOperationException($"{steps} steps");
    }
}
