using System.Diagnostics;
using System.Globalization;
using KmsOperator.Simulation.Repairs;
using KmsOperator.Simulation.Scripts;

namespace KmsOperator.Simulation.Running;

/// <summary><c>make simulate</c>: runs seeds on all cores, and says what it found.</summary>
internal static class SimulateCommand
{
    private const int ShrunkOfAKind = 3;
    private const string Shards = "shards";

    /// <summary>
    /// <c>simulate SEEDS FROM REPAIR</c> runs seeds, without a repair where one is named; <c>replay FILE|SEED REPAIR</c> tells what happens; <c>trace SEEDS</c> writes the hashes of the first seeds'
    /// traces. With <c>shards</c> in place of a repair the seeds' operators divide the work.
    /// </summary>
    /// <returns>0 when every promise was kept.</returns>
    public static int Run(string[] args) => args[0] switch
    {
        "replay" => Replay(args[1], ScriptsOf(args, 2), RepairOf(args, 2)),
        "trace" => Trace(Number(args, 1, 1)),
        _ => Simulate(Number(args, 1, 2000), Number(args, 2, 1), ScriptsOf(args, 3), RepairOf(args, 3)),
    };

    private static Func<int, Script> ScriptsOf(string[] args, int index) => args.ElementAtOrDefault(index) == Shards ? ScriptGenerator.OfShards : ScriptGenerator.Of;

    private static Repair? RepairOf(string[] args, int index) => args.ElementAtOrDefault(index) is { } name and not Shards ? Enum.Parse<Repair>(name) : null;

    private static int Simulate(int seeds, int from, Func<int, Script> scriptOf, Repair? without)
    {
        var watch = Stopwatch.StartNew();
        var failures = SeedRunner.Run(from, seeds, Environment.ProcessorCount, scriptOf, without);
        var seconds = watch.Elapsed.TotalSeconds;
        var busy = Environment.CpuUsage.TotalTime.TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{seeds} seeds from {from} in {seconds:0.0} s: {seeds / seconds:0.0} schedules per second on {Environment.ProcessorCount} cores, {busy:0.0} s of processor time, {failures.Count} failures"));
        foreach (var kind in failures.GroupBy(failure => failure.Result.Promise).OrderByDescending(kind => kind.Count()))
            Console.WriteLine($"{kind.Count(),6}  {kind.Key}   seeds {string.Join(' ', kind.Take(10).Select(failure => failure.Seed))}");
        var shown = failures.GroupBy(failure => failure.Result.Promise).SelectMany(kind => kind.Take(ShrunkOfAKind)).ToArray();
        Parallel.ForEach(shown, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, failure => Show(failure.Seed, failure.Result, scriptOf, without));

        return failures.Count == 0 ? 0 : 1;
    }

    private static void Show(int seed, RunResult result, Func<int, Script> scriptOf, Repair? without)
    {
        var script = ScriptShrinker.Shrink(scriptOf(seed), result.Kind!, without);
        Console.WriteLine($"\nseed {seed}: {result.Failure}\n{script}\n# {SimulationRun.Of(script, without: without).Failure}");
    }

    private static int Replay(string what, Func<int, Script> scriptOf, Repair? without)
    {
        var script = int.TryParse(what, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? scriptOf(seed) : Script.Parse(File.ReadAllText(what));
        var result = SimulationRun.Of(script, keepNotes: true, without);
        Console.WriteLine(script);
        foreach (var note in result.Notes)
            Console.WriteLine(note);
        Console.WriteLine($"{result.Failure ?? "all promises kept"}; trace {result.Trace:x16}, {result.Steps} steps, {result.Elapsed.TotalSeconds:0} s");
        return result.Failure is null ? 0 : 1;
    }

    private static int Trace(int seeds)
    {
        for (var seed = 1; seed <= seeds; seed++)
            Console.WriteLine($"{SimulationRun.Of(ScriptGenerator.Of(seed)).Trace:x16}");
        return 0;
    }

    private static int Number(string[] args, int index, int otherwise) =>
        args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;
}
