using System.Diagnostics;

namespace KmsSimulator.Tests.Hosting;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--port", "abc", "--port must be a number from 0 to 65535, not 'abc'")]
    [InlineData("--port", "65536", "--port must be")]
    [InlineData("--quota-scale", "-1", "--quota-scale must be a number, 0 or more, not '-1'")]
    [InlineData("--quota-scale", "much", "--quota-scale must be")]
    [InlineData("--consistency-delay", "1.5", "--consistency-delay must be")]
    [InlineData("--seed", "x", "--seed must be a whole number")]
    [InlineData("--colour", "red", "--colour")]
    public async Task A_bad_value_ends_with_64_and_the_flags_name(string flag, string value, string message)
    {
        using var process = Start(flag == "--port" ? [flag, value] : ["--port", "0", flag, value]);
        var error = await process.StandardError.ReadToEndAsync(TestSimulator.Token);
        await process.WaitForExitAsync(TestSimulator.Token);
        Assert.Equal(64, process.ExitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_port_must_be_given()
    {
        using var process = Start([]);
        Assert.Contains("--port", await process.StandardError.ReadToEndAsync(TestSimulator.Token), StringComparison.Ordinal);
        await process.WaitForExitAsync(TestSimulator.Token);
        Assert.Equal(64, process.ExitCode);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task It_prints_its_URL_answers_there_and_ends_cleanly_on_a_signal(string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are those of Unix");
        using var process = Start(["--port", "0", "--quota-scale", "0", "--consistency-delay", "10", "--seed", "3"]);
        var line = (await process.StandardOutput.ReadLineAsync(TestSimulator.Token))!;
        var url = line[line.IndexOf("http://", StringComparison.Ordinal)..];
        using var http = new HttpClient();
        Assert.Contains("ok", await http.GetStringAsync(new Uri($"{url}/_sim/healthz"), TestSimulator.Token), StringComparison.Ordinal);

        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])!;
        await process.WaitForExitAsync(TestSimulator.Token);
        Assert.Equal(0, process.ExitCode);
        Assert.Equal("", await process.StandardError.ReadToEndAsync(TestSimulator.Token));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var port = new Uri(simulator.Url).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        using var process = Start(["--port", port]);
        Assert.Contains($"--port {port}", await process.StandardError.ReadToEndAsync(TestSimulator.Token), StringComparison.Ordinal);
        await process.WaitForExitAsync(TestSimulator.Token);
        Assert.Equal(1, process.ExitCode);
    }

    private static Process Start(string[] arguments)
    {
        // A shell that runs the tests in the background has SIGINT ignored, and .NET would inherit that.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Path.Combine(AppContext.BaseDirectory, "kms-simulator.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }
}
