using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>A server that runs until it is stopped, or until the tests' process dies.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const string Setpriv = "/usr/bin/setpriv";
    private const int FirstLinesKept = 100;
    private const int LastLinesKept = 30;

    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Process> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> _firstLines = new();
    private readonly ConcurrentQueue<string> _lastLines = new();
    private readonly Thread _thread;

    public ServerProcess(string program, IEnumerable<string> arguments)
    {
        // setpriv has the kernel kill the server when its parent dies. The kernel means the parent's *thread*, so a thread of the pool,
        // which comes and goes, must not start it; this one lives as long as the server.
        var start = File.Exists(Setpriv)
            ? new ProcessStartInfo(Setpriv, ["--pdeathsig", "KILL", program, .. arguments])
            : new ProcessStartInfo(program, arguments);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _thread = new Thread(() => Run(start)) { IsBackground = true, Name = Path.GetFileName(program) };
        _thread.Start();
    }

    /// <summary>The end of what the server wrote, to explain a failure.</summary>
    public string LastLines => string.Join('\n', _lastLines);

    public bool HasExited => !_thread.IsAlive;

    /// <summary>Ends with the server, with its exit code.</summary>
    public Task<int> ExitCode => _exited.Task;

    /// <summary>Sends a signal.</summary>
    /// <param name="name">For example <c>STOP</c>.</param>
    public async Task SignalAsync(string name) =>
        (await Command.RunAsync("/bin/sh", ["-c", $"kill -{name} {(await _started.Task).Id}"])).EnsureSuccess();

    /// <summary>Waits until one of the first lines that the server writes has a pattern in it.</summary>
    public async Task<Match> SaysAsync(Regex pattern)
    {
        Match? Find() => _firstLines.Select(line => pattern.Match(line)).FirstOrDefault(match => match.Success);
        await Eventually.TrueAsync(() => HasExited || Find() is not null, () => $"Nothing like {pattern} was written:\n{LastLines}");
        return Find() ?? throw new InvalidOperationException($"The server ended without a line like {pattern}:\n{LastLines}");
    }

    public void Dispose()
    {
        if (_started.Task.IsCompletedSuccessfully)
        {
            try
            {
                _started.Task.Result.Kill();
            }
            catch (InvalidOperationException)
            {
                // It has ended by itself.
            }
        }

        _thread.Join();
    }

    public Task StartedAsync() => _started.Task;

    private void Run(ProcessStartInfo start)
    {
        try
        {
            using var process = new Process { StartInfo = start };
            process.OutputDataReceived += Keep;
            process.ErrorDataReceived += Keep;
            process.Start();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            _started.SetResult(process);
            process.WaitForExit();
            _exited.SetResult(process.ExitCode);
        }
        catch (Exception e)
        {
            _started.TrySetException(e);
            _exited.TrySetException(e);
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null)
            return;
        if (_firstLines.Count < FirstLinesKept)
            _firstLines.Enqueue(line.Data);
        _lastLines.Enqueue(line.Data);
        if (_lastLines.Count > LastLinesKept)
            _lastLines.TryDequeue(out _);
    }
}
