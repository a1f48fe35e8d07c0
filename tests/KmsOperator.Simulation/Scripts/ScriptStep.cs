using System.Globalization;

namespace KmsOperator.Simulation.Scripts;

/// <summary>One thing that somebody does, or that goes wrong, at a time.</summary>
/// <param name="At">Seconds since the run began.</param>
/// <param name="Verb">What, for example <c>create</c>; see <see cref="ScriptVerbs"/>.</param>
/// <param name="Arguments">To what, and how.</param>
internal sealed record ScriptStep(double At, string Verb, params IReadOnlyList<string> Arguments)
{
    /// <summary>The first argument.</summary>
    public string Subject => Arguments[0];

    /// <summary>Reads a line of a script.</summary>
    public static ScriptStep Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new ScriptStep(double.Parse(words[0], CultureInfo.InvariantCulture), words[1], words[2..]);
    }

    /// <summary>The value of an argument <c>name=value</c>; null when there is none.</summary>
    public string? Value(string name) =>
        Arguments.FirstOrDefault(argument => argument.StartsWith($"{name}=", StringComparison.Ordinal))?[(name.Length + 1)..];

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At:0.###} {Verb} {string.Join(' ', Arguments)}").TrimEnd();
}
