using System.CommandLine;

namespace KmsOperator.Commands;

/// <summary>The flag <c>--output</c>, which several verbs take with other formats.</summary>
internal static class OutputFlag
{
    /// <summary>The flag.</summary>
    /// <param name="formats">What may be given; the first is the default.</param>
    public static Option<string> Create(params string[] formats)
    {
        var words = $"{string.Join(", ", formats[..^1])} or {formats[^1]}";
        var output = new Option<string>("--output", "-o") { Description = $"{words}.", DefaultValueFactory = _ => formats[0] };
        output.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is var given && !formats.Contains(given))
            {
                result.AddError($"--output: '{given}' is not one of {string.Join(", ", formats)}.");
            }
        });
        return output;
    }
}
