using System.CommandLine;
using KmsOperator.Configuration;
using KmsOperator.Hosting;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator run</c>: the operator.</summary>
internal static class RunCommand
{
    /// <summary>The command.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    public static Command Create(Func<string, string?> environment)
    {
        var flags = new OperatorFlags(environment);
        var command = new Command("run", "Run the operator against the cluster (in-cluster configuration, else KUBECONFIG) and AWS (the SDK's default chain).");
        flags.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = flags.Read(result);
            if (OperatorFlags.FindContradiction(options) is { } contradiction)
            {
                await Console.Error.WriteLineAsync(contradiction);
                return ExitCodes.Usage;
            }

            return await OperatorHost.RunAsync(options, environment, cancellationToken);
        });
        return command;
    }
}
