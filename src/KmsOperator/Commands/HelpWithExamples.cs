using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace KmsOperator.Commands;

/// <summary>Shows the help of a verb under the name that people type, with its examples.</summary>
internal sealed class HelpWithExamples(HelpAction help, string program) : SynchronousCommandLineAction
{
    /// <inheritdoc />
    public override bool ClearsParseErrors => true;

    /// <inheritdoc />
    public override int Invoke(ParseResult parseResult)
    {
        var configuration = parseResult.InvocationConfiguration;
        var output = configuration.Output;
        using var text = new StringWriter { NewLine = "\n" };
        configuration.Output = text;
        var code = help.Invoke(parseResult);
        configuration.Output = output;

        // The library writes the name of the executable's file.
        output.Write(text.ToString().TrimEnd().Replace($"\n  {RootCommand.ExecutableName} ", $"\n  {program} ", StringComparison.Ordinal));
        output.WriteLine();
        var examples = VerbExamples.Of(parseResult.CommandResult.Command.Name);
        if (examples.Count > 0)
        {
            output.WriteLine($"\nExamples:\n{string.Join("\n", examples.Select(example => $"  # {example.Purpose}\n  {program} {example.Arguments}"))}");
        }

        return code;
    }
}
