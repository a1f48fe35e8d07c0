using KmsOperator.Simulation.Repairs;
using KmsOperator.Simulation.Scripts;

namespace KmsOperator.Simulation.Running;

/// <summary>Runs many seeds, each on one thread of its own kind.</summary>
internal static class SeedRunner
{
    // The SDK's handlers are many deep, and a continuation that finds little stack left goes to the thread pool.
    private const int StackBytes = 16 * 1024 * 1024;

    /// <summary>Runs seeds.</summary>
    /// <param name="from">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="threads">How many at the same time.</param>
    /// <param name="scriptOf">The script of a seed.</param>
    /// <param name="without">A repair that the operators lack; null for none.</param>
    /// <returns>Those that failed, in order.</returns>
    public static IReadOnlyList<(int Seed, RunResult Result)> Run(int from, int count, int threads, Func<int, Script> scriptOf, Repair? without = null)
    {
        var next = from - 1;
        var failures = new List<(int Seed, RunResult Result)>();
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            for (var seed = Interlocked.Increment(ref next); seed < from + count; seed = Interlocked.Increment(ref next))
            {
                var result = Try(seed, scriptOf, without);
                if (result.Failure is not null)
                {
                    lock (failures)
                        failures.Add((seed, result));
                }
            }
        }, StackBytes)).ToArray();
        foreach (var worker in workers)
            worker.Start();
        foreach (var worker in workers)
            worker.Join();
        return [.. failures.OrderBy(failure => failure.Seed)];
    }

    private static RunResult Try(int seed, Func<int, Script> scriptOf, Repair? without)
    {
        try
        {
            return SimulationRun.Of(scriptOf(seed), without: without);
        }
        catch (Exception e)
        {
            return new RunResult($"The simulation itself does not fail. {e}", 0, 0, TimeSpan.Zero, []);
        }
    }
}
