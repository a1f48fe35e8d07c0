using KmsOperator.Simulation.Repairs;
using KmsOperator.Simulation.Scripts;

namespace KmsOperator.Simulation.Running;

/// <summary>Makes a failing script short: takes steps out while it still fails in the same way.</summary>
internal static class ScriptShrinker
{
    private const int MostRuns = 200;

    /// <summary>Shrinks a script.</summary>
    /// <param name="failing">A script that fails.</param>
    /// <param name="kind">How it fails, see <see cref="RunResult.Kind"/>.</param>
    /// <param name="without">The repair without which it fails; it keeps every promise with it. Null for a script that fails with all repairs.</param>
    /// <returns>A script from which no step can be taken, as far as the number of tries permits.</returns>
    public static Script Shrink(Script failing, string kind, Repair? without = null)
    {
        var runs = 0;
        var best = failing;
        for (var size = Math.Max(1, best.Steps.Count / 2); size >= 1; size /= 2)
        {
            for (var start = best.Steps.Count - size; start >= 0 && runs < MostRuns; start = Math.Min(start - 1, best.Steps.Count - size))
            {
                if (Fails(best with { Steps = [.. best.Steps.Take(start), .. best.Steps.Skip(start + size)] }) is { } smaller)
                    best = smaller;
            }
        }

        if (best.Operators > 1 && Fails(best with { Operators = 1 }) is { } alone)
            best = alone;
        if (best.StaleSeconds > 0 && Fails(best with { StaleSeconds = 0 }) is { } fresh)
            best = fresh;
        return best;

        Script? Fails(Script candidate)
        {
            // The seed's decisions mean something else once a step is gone, so another seed is tried, too.
            foreach (var seed in (int[])[candidate.Seed, 1])
            {
                runs++;
                var tried = candidate with { Seed = seed };
                if (SimulationRun.Of(tried, without: without).Kind == kind && (without is null || SimulationRun.Of(tried).Failure is null))
                    return tried;
            }

            return null;
        }
    }
}
