using System.Globalization;

namespace KmsOperator.Simulation.Scripts;

/// <summary>All of one run, as data: what is fixed at its start, and what happens when. Its text can be pasted into a test.</summary>
/// <param name="Seed">Decides who goes next at every await, and how long messages take.</param>
/// <param name="Operators">How many operators run; with more than one they elect a leader.</param>
/// <param name="Shards">Into how many shards they divide the work; 1 where one of them leads and does all of it.</param>
/// <param name="StaleSeconds">For how long, at most, KMS shows the state before a write.</param>
/// <param name="Steps">In the order of their time.</param>
internal sealed record Script(int Seed, int Operators, int Shards, double StaleSeconds, IReadOnlyList<ScriptStep> Steps)
{
    /// <summary>Reads what <see cref="ToString"/> writes; lines that begin with <c>#</c> are for people.</summary>
    public static Script Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => line[0] != '#').ToArray();
        var head = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
        return new Script(
            int.Parse(head["seed"], CultureInfo.InvariantCulture),
            int.Parse(head["operators"], CultureInfo.InvariantCulture),
            int.Parse(head.GetValueOrDefault("shards", "1"), CultureInfo.InvariantCulture),
            double.Parse(head["stale"], CultureInfo.InvariantCulture),
            [.. lines.Skip(1).Select(ScriptStep.Parse)]);
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"seed {Seed} operators {Operators}{(Shards == 1 ? "" : $" shards {Shards}")} stale {StaleSeconds:0.###}\n{string.Join('\n', Steps)}");
}
