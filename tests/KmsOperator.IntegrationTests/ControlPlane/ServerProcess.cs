using System.Collections.Concurrent;
using System.Diagnostics;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>A server that runs until it is stopped, or until the tests' process dies.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const string Setpriv = "/usr/bin/setpriv";
    private const int LinesKept = 30;

    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Process> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
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

    public void Dispose()
    {
        if (_started.Task.IsCompletedSuccessfully && _thread.IsAlive)
            _started.Task.Result.Kill();
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
        _lastLines.Enqueue(line.Data);
        if (_lastLines.Count > LinesKept)
            _lastLines.TryDequeue(out _);
    }
}
