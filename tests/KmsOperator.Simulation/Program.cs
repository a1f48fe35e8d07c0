namespace KmsOperator.Simulation;

/// <summary>Runs the tests.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) =>
        args.Any(arg => arg is "--server" or "--internal-msbuild-node")
            ? Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
}
