using System.CommandLine;

namespace KmsOperator.Commands;

/// <summary>Options of the verbs that read manifests or answer about keys.</summary>
internal static class ManifestOptions
{
    /// <summary>Manifests to read.</summary>
    public static Option<string[]> Filename(bool isRequired = true) => new("--filename", "-f")
    {
        Description = "A file or directory of manifests (YAML or JSON), or - for standard input; may be given several times.",
        Required = isRequired,
        AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>An account id.</summary>
    public static Option<string?> Account(string name = "--account", string description = "Account of KeyClasses that name none (12 digits).")
    {
        var account = new Option<string?>(name) { Description = description };
        account.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } id && (id.Length != 12 || !id.All(char.IsAsciiDigit)))
            {
                result.AddError($"{name}: '{id}' is not an account id of 12 digits.");
            }
        });
        return account;
    }

    /// <summary>The form of the output, of which the first is the default.</summary>
    public static Option<string> Output(string name, string? alias, params string[] formats)
    {
        var words = formats.Length == 2 ? $"{formats[0]} or {formats[1]}" : $"{string.Join(", ", formats[..^1])} or {formats[^1]}";
        var output = alias is null ? new Option<string>(name) : new Option<string>(name, alias);
        output.Description = $"{words}.";
        output.DefaultValueFactory = _ => formats[0];
        output.CompletionSources.Add(formats);
        output.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } given && !formats.Contains(given))
            {
                result.AddError(formats.Length == 2 ? $"{name}: '{given}' is neither {formats[0]} nor {formats[1]}." : $"{name}: '{given}' is not {words}.");
            }
        });
        return output;
    }
}
