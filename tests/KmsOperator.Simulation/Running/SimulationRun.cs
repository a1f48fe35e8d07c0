using System.Text.RegularExpressions;
using KmsOperator.Simulation.Repairs;
using KmsOperator.Simulation.Scripts;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Running;

/// <summary>What came of a run.</summary>
/// <param name="Failure">The broken promise, with who broke it; null when all were kept.</param>
/// <param name="Trace">Hash of everything that happened.</param>
/// <param name="Steps">How many continuations ran.</param>
/// <param name="Elapsed">How much virtual time passed.</param>
/// <param name="Notes">What happened, where that was asked for.</param>
internal sealed partial record RunResult(string? Failure, ulong Trace, long Steps, TimeSpan Elapsed, IReadOnlyList<string> Notes)
{
    /// <summary>The broken promise without who broke it, to tell one fault from another.</summary>
    public string? Promise => Failure is null ? null : Failure[..(Failure.IndexOf(". ", StringComparison.Ordinal) is var end and >= 0 ? end + 1 : Failure.Length)];

    /// <summary>The failure without ids, names of keys and times: what stays the same when its script becomes shorter.</summary>
    public string? Kind => Failure is null ? null : Varying.Replace(Failure, "");

    [GeneratedRegex("mrk-[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+")]
    private static partial Regex Varying { get; }
}

/// <summary>Runs a script from its beginning until everything is as described and stays so.</summary>
internal static class SimulationRun
{
    // Far more than any run needs: whoever gets here goes round in circles.
    private const long MostSteps = 1_000_000;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    /// <summary>Runs it on this thread.</summary>
    /// <param name="script">The run.</param>
    /// <param name="keepNotes">Whether what happens is written down for people.</param>
    /// <param name="without">A repair that the operators lack; null for none.</param>
    public static RunResult Of(Script script, bool keepNotes = false, Repair? without = null)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            using var world = new SimulatedWorld(script, keepNotes, without);
            Play(world, script);
            return new RunResult(world.Failure, world.Trace.Hash, world.Scheduler.Steps, world.Scheduler.Elapsed, world.Trace.Notes);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private static void Play(SimulatedWorld world, Script script)
    {
        foreach (var step in script.Steps)
        {
            world.RunUntil(TimeSpan.FromSeconds(step.At));
            if (world.Failure is not null)
                return;
            ScriptVerbs.Do(world, step);
            world.CheckAlways();
        }

        world.Trace.Note("world", "calm");
        world.Calm();

        // A call that was slow has its effect after that, and is put right like a change of somebody else's.
        world.RunUntil(world.SlowCallsUntil);
        if (BecomesAsDescribed(world))
            StaysAsDescribed(world);
    }

    private static bool BecomesAsDescribed(SimulatedWorld world)
    {
        var end = world.Scheduler.Elapsed + world.Times.CalmLimit;
        while (world.Failure is null)
        {
            world.CollectGarbage();
            world.RunUntil(world.Scheduler.Elapsed + Look);
            if (world.Scheduler.Steps > MostSteps)
                world.Fail("Nothing goes round in circles. It does.");
            if (world.CheckEnd() is not { } open)
                return true;
            if (world.Scheduler.Elapsed > end)
                world.Fail(open);
        }

        return false;
    }

    private static void StaysAsDescribed(SimulatedWorld world)
    {
        // The last write may have been seen too early: what follows it is waited for. What a late call did to a resource that is refused is put right at its next try, which may come
        // after that: one write more is excepted, if it is the last.
        world.RunUntil(world.Scheduler.Elapsed + world.Times.ConsistencyWindow + world.Times.DriftPeriod);
        var writes = world.History.OperatorWrites;
        world.RunUntil(world.Scheduler.Elapsed + world.Times.Quiet);
        if (world.History.OperatorWrites == writes + 1)
        {
            writes = world.History.OperatorWrites;
            world.RunUntil(world.Scheduler.Elapsed + world.Times.Quiet);
        }

        if (world.Failure is not null)
            return;
        if (world.CheckEnd() is { } open)
            world.Fail($"What is as described stays so. {open}");
        else if (world.History.OperatorWrites != writes)
            world.Fail($"What is as described is not written again. There were {world.History.OperatorWrites - writes} writes.");
    }
}
