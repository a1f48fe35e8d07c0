using System.CommandLine;
using KmsOperator.Configuration;

namespace KmsOperator.Commands;

/// <summary>The executable's command line: the verbs, and what a bad one comes to.</summary>
internal static class CommandLine
{
    /// <summary>Runs a verb.</summary>
    /// <param name="arguments">The arguments, without the executable's name.</param>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    /// <param name="output">Where results go.</param>
    /// <param name="errors">Where errors go.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments, Func<string, string?> environment, TextWriter output, TextWriter errors)
    {
        var root = new RootCommand("Makes and keeps the AWS KMS keys that ServiceKey and KeyReplica resources describe.")
        {
            RunCommand.Create(environment),
            RenderCommand.Create(),
            OrphansCommand.Create(environment),
            ImportCommand.Create(),
        };

        var result = root.Parse(arguments);
        if (result.Errors.Count > 0)
        {
            foreach (var error in result.Errors)
            {
                await errors.WriteLineAsync(error.Message);
            }

            return ExitCodes.Usage;
        }

        return await result.InvokeAsync(new InvocationConfiguration
        {
            Output = output,
            Error = errors,
            ProcessTerminationTimeout = TimeSpan.FromSeconds(35),
        });
    }
}
