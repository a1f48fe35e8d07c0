using KmsOperator.Simulation.Running;

namespace KmsOperator.Simulation;

/// <summary>Runs seeds or a script for a person, or the tests.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (args is ["simulate" or "replay" or "trace", ..])
            return SimulateCommand.Run(args);
        return (args.Any(arg => arg is "--server" or "--internal-msbuild-node")
            ? Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args)).GetAwaiter().GetResult();
    }
}
