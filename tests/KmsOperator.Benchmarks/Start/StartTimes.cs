using System.Diagnostics;
using KmsOperator.Benchmarks.Load;

namespace KmsOperator.Benchmarks.Start;

/// <summary>How long an operator takes from the start of its process to its first list.</summary>
internal static class StartTimes
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Starts the operator so many times, one after the other.</summary>
    /// <param name="runs">How many times; one more comes before and is not counted, since the files are read from the disk then.</param>
    /// <param name="command">The operator's command line.</param>
    /// <param name="time">The clock.</param>
    public static async Task<Delays> MeasureAsync(int runs, IReadOnlyList<string> command, TimeProvider time)
    {
        var directory = Directory.CreateTempSubdirectory("kms-operator-start");
        try
        {
            var kubeconfig = Path.Combine(directory.FullName, "kubeconfig");
            await using var server = await StubApiServer.StartAsync(kubeconfig, time);
            var delays = new List<TimeSpan>();
            for (var i = 0; i <= runs; i++)
            {
                server.Reset();
                delays.Add(await StartOnceAsync(server, kubeconfig, command, time));
            }

            return new Delays(delays.Skip(1));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<TimeSpan> StartOnceAsync(StubApiServer server, string kubeconfig, IReadOnlyList<string> command, TimeProvider time)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["KUBECONFIG"] = kubeconfig;
        start.Environment["AWS_REGION"] = "us-east-1";
        var began = time.GetTimestamp();
        using var child = Process.Start(start)!;
        child.OutputDataReceived += (_, _) => { };
        child.ErrorDataReceived += (_, _) => { };
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        try
        {
            return time.GetElapsedTime(began, await server.FirstList.WaitAsync(Limit, time));
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync();
        }
    }
}
