namespace KmsOperator.Terminal;

/// <summary>Colours for people at a terminal; nothing but the text for everybody else.</summary>
/// <param name="isOn">Whether the text goes to a terminal that shows colours.</param>
/// <remarks>Source: ECMA-48, "Select Graphic Rendition"; no-color.org.</remarks>
internal sealed class Colours(bool isOn)
{
    /// <summary>Colours for a writer: on when it is the console's, on a terminal, and <c>NO_COLOR</c> is not set.</summary>
    /// <param name="output">Where the text goes.</param>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    public static Colours For(TextWriter output, Func<string, string?> environment) => new(AreShown(output, environment));

    /// <summary>Whether text that goes to a writer has colours.</summary>
    /// <param name="output">Where the text goes.</param>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    public static bool AreShown(TextWriter output, Func<string, string?> environment) =>
        IsTerminal(output) && string.IsNullOrEmpty(environment("NO_COLOR")) && environment("TERM") != "dumb";

    /// <summary>Whether text that goes to a writer is read on a terminal, and not by a program.</summary>
    public static bool IsTerminal(TextWriter output) => ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;

    /// <summary>For what comes.</summary>
    public string Green(string text) => Paint("32", text);

    /// <summary>For what changes.</summary>
    public string Yellow(string text) => Paint("33", text);

    /// <summary>For what goes, and what is refused.</summary>
    public string Red(string text) => Paint("31", text);

    /// <summary>For names.</summary>
    public string Bold(string text) => Paint("1", text);

    /// <summary>For what matters less.</summary>
    public string Dim(string text) => Paint("2", text);

    private string Paint(string code, string text) => isOn ? $"\u001b[{code}m{text}\u001b[0m" : text;
}
