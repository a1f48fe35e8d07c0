using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using KmsOperator.Configuration;
using KmsOperator.Policies;

namespace KmsOperator.Commands;

/// <summary>The executable's command line: the verbs, and what a bad one comes to.</summary>
internal static class CommandLine
{
    private const string OperatorName = "kms-operator";
    private const string PluginName = "kubectl-kms";

    /// <summary>Runs a verb.</summary>
    /// <param name="arguments">The arguments, without the executable's name.</param>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    /// <param name="output">Where results go.</param>
    /// <param name="errors">Where errors go.</param>
    /// <param name="input">Manifests that are given as <c>-</c>; null for none.</param>
    /// <param name="executable">The file name by which the process was started; as <c>kubectl-kms</c> it is a plugin of kubectl.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(
        string[] arguments, Func<string, string?> environment, TextWriter output, TextWriter errors, TextReader? input = null, string executable = OperatorName)
    {
        var isPlugin = Path.GetFileNameWithoutExtension(executable) == PluginName;
        var root = Create(environment, input ?? TextReader.Null, isPlugin);
        var program = isPlugin ? "kubectl kms" : OperatorName;
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpWithExamples((HelpAction)help.Action!, program);
        }

        var result = root.Parse(arguments);
        if (result.Errors.Count > 0)
        {
            foreach (var error in Describe(result))
            {
                await errors.WriteLineAsync(error);
            }

            var verb = result.CommandResult.Command == root ? "" : $" {result.CommandResult.Command.Name}";
            await errors.WriteLineAsync($"See {program}{verb} --help.");
            return ExitCodes.Usage;
        }

        return await result.InvokeAsync(new InvocationConfiguration
        {
            Output = output,
            Error = errors,
            ProcessTerminationTimeout = TimeSpan.FromSeconds(35),
        });
    }

    /// <summary>All verbs.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="isPlugin">Whether kubectl runs the executable; it does not run the operator itself.</param>
    internal static RootCommand Create(Func<string, string?> environment, TextReader input, bool isPlugin)
    {
        var root = new RootCommand("Makes and keeps the AWS KMS keys that ServiceKey and KeyReplica resources describe.")
        {
            RenderCommand.Create(input),
            OrphansCommand.Create(environment),
            ExplainCommand.Create(environment, input),
            WhoCanCommand.Create(environment, input),
            LintCommand.Create(environment, input),
            PlanCommand.Create(environment, input),
            ReportCommand.Create(environment, input),
            InspectionCommands.CreateTree(environment),
            InspectionCommands.CreateStatus(environment),
            ImportCommand.Create(),
            CompletionCommand.Create(isPlugin ? PluginName : OperatorName),
        };
        foreach (var request in RequestCommands.Create(environment))
        {
            root.Add(request);
        }

        if (!isPlugin)
        {
            root.Add(RunCommand.Create(environment));
        }

        return root;
    }

    /// <summary>The errors; what is nearly right is answered with the right word.</summary>
    private static IEnumerable<string> Describe(ParseResult result)
    {
        // That a verb is missing says nothing beside the word that was meant to be one.
        string[] unknown = [.. result.UnmatchedTokens, .. result.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value).Where(text => text.StartsWith('-'))];
        var messages = result.Errors.Select(error => error.Message);
        if (unknown.Length == 0)
        {
            return messages;
        }

        var command = result.CommandResult.Command;
        var options = command.Options.Concat(result.RootCommandResult.Command.Options.Where(option => option.Recursive));
        string[] known = [.. command.Subcommands.Select(verb => verb.Name), .. options.SelectMany(option => option.Aliases.Append(option.Name)).Where(name => name.Length > 2)];
        var suggestions = unknown.Select(token => (Quoted: $"'{token}'", Text: Suggestion.For(NameOf(token), known))).Where(one => one.Text.Length > 0).ToArray();
        return messages.Where(message => unknown.Any(token => message.Contains($"'{token}'", StringComparison.Ordinal)) || result.Errors.Count == 1 || command.Subcommands.Count == 0)
            .Select(message => suggestions.FirstOrDefault(one => message.Contains(one.Quoted, StringComparison.Ordinal)).Text is { } text ? message.TrimEnd('.') + text : message);
    }

    /// <summary>The option of <c>--option=value</c> and <c>--option:value</c>; other words as they are.</summary>
    private static string NameOf(string token) =>
        token.StartsWith("--", StringComparison.Ordinal) && token.IndexOfAny(['=', ':']) is > 0 and var end ? token[..end] : token;
}
