using KmsOperator.Terminal;
using Spectre.Console;

namespace KmsOperator.Commands.Output;

/// <summary>Text for people: tables, and colours on a terminal.</summary>
internal sealed class HumanOutput
{
    // Nothing is wrapped where a program reads: one row is one line.
    private const int WidthOfPipes = 100_000;

    private readonly IAnsiConsole _console;

    private HumanOutput(IAnsiConsole console) => _console = console;

    /// <summary>Output for people.</summary>
    /// <param name="writer">Where it goes.</param>
    /// <param name="environment">Value of an environment variable, null if unset; see <see cref="Colours.AreShown"/>.</param>
    public static HumanOutput To(TextWriter writer, Func<string, string?> environment)
    {
        var isTerminal = Colours.IsTerminal(writer);
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Interactive = InteractionSupport.No,
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = Colours.AreShown(writer, environment) ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
        if (!isTerminal)
        {
            console.Profile.Width = WidthOfPipes;
        }

        return new HumanOutput(console);
    }

    /// <summary>A line.</summary>
    public void Line(string text = "", Tone tone = Tone.Plain) => _console.Write(new Text(text + "\n", StyleOf(tone)));

    /// <summary>A part of a line.</summary>
    public void Part(string text, Tone tone) => _console.Write(new Text(text, StyleOf(tone)));

    /// <summary>A table with a line of headings.</summary>
    public void Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().NoBorder().Collapse();
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading, StyleOf(Tone.Strong))).Padding(0, 0, 3, 0));
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        _console.Write(table);
    }

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Strong => new Style(decoration: Decoration.Bold),
        Tone.Good => new Style(Color.Green),
        Tone.Bad => new Style(Color.Red),
        Tone.Doubtful => new Style(Color.Yellow),
        _ => Style.Plain,
    };
}

/// <summary>What a text says, which a terminal shows by colour.</summary>
internal enum Tone
{
    /// <summary>Nothing special.</summary>
    Plain,

    /// <summary>A heading.</summary>
    Strong,

    /// <summary>All is well.</summary>
    Good,

    /// <summary>Something is wrong.</summary>
    Bad,

    /// <summary>Something is to be looked at.</summary>
    Doubtful,
}
