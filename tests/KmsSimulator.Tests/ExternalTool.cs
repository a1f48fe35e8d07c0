using System.Diagnostics;

namespace KmsSimulator.Tests;

/// <summary>A third party's program, pointed at the simulator.</summary>
internal static class ExternalTool
{
    /// <summary>Skips the test when the program is not here; fails it when <paramref name="requirement"/> is set to 1.</summary>
    public static async Task RequireAsync(string what, string requirement, string program, params string[] arguments)
    {
        var works = false;
        try
        {
            works = (await RunAsync(null, program, arguments)).ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // Not installed.
        }

        Assert.True(works || Environment.GetEnvironmentVariable(requirement) != "1", $"{what} is required ({requirement}=1) and does not run.");
        Assert.SkipUnless(works, $"{what} is not installed: this second opinion on the simulator is not heard.");
    }

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(TestSimulator? simulator, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["AWS_ACCESS_KEY_ID"] = "AKIATEST";
        start.Environment["AWS_SECRET_ACCESS_KEY"] = "secret";
        start.Environment["AWS_DEFAULT_REGION"] = TestSimulator.Region;
        start.Environment["AWS_ENDPOINT_URL"] = simulator?.Url;
        start.Environment["AWS_MAX_ATTEMPTS"] = "1";
        start.Environment["AWS_PAGER"] = "";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestSimulator.Token);
        var error = process.StandardError.ReadToEndAsync(TestSimulator.Token);
        await process.WaitForExitAsync(TestSimulator.Token);
        return (process.ExitCode, await output, await error);
    }
}
