using System.Globalization;

namespace KmsOperator.Benchmarks.Reporting;

/// <summary>One figure of a run.</summary>
/// <param name="Name">One of <see cref="Measures"/>.</param>
/// <param name="Size">With how many keys.</param>
/// <param name="Value">The figure, in the measure's unit.</param>
/// <param name="Beside">What it was measured beside, for people; may be empty.</param>
internal sealed record BenchResult(string Name, int Size, double Value, string Beside);

/// <summary>The figures of one scene, and where they were measured.</summary>
/// <param name="Scene">The scene.</param>
/// <param name="Date">The day.</param>
/// <param name="Machine">Cores and model.</param>
/// <param name="Server">The API server; empty where the scene needs none.</param>
/// <param name="Build">How the operator was built: <c>native</c>, <c>ReadyToRun</c> or <c>JIT</c>.</param>
/// <param name="Results">The figures.</param>
internal sealed record SceneResults(string Scene, string Date, string Machine, string Server, string Build, IReadOnlyList<BenchResult> Results)
{
    public const string NativeBuild = "native";

    /// <summary>Reads what <c>hack/bench</c> writes: values between tabs, first a line of where, then a line for each figure.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static SceneResults Parse(string scene, string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).ToArray();
        if (lines is not [["run", var date, var machine, var server, var build], .. var figures])
            throw new FormatException($"{scene}: the first line must be run, date, machine, API server and build, between tabs.");
        return new SceneResults(scene, date, machine, server, build, [.. figures.Select(Read)]);

        BenchResult Read(string[] line) =>
            line is [var name, var size, var value, var beside]
            && int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var keys)
            && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? new BenchResult(name, keys, number, beside)
                : throw new FormatException($"{scene}: '{string.Join(' ', line)}' is not name, size, value and text, between tabs.");
    }
}
