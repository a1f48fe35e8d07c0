namespace KmsOperator.Testing.Running;

/// <summary>
/// Runs everything that was started on it on the thread that asks for it: whatever is ready to go on waits in a queue, first come, first served.
/// </summary>
/// <param name="staysOnThread">
/// Whether everything between two runs happens on the same thread too. Then work from another thread is an error at any time, and not only
/// while something runs.
/// </param>
internal sealed class SingleThread(bool staysOnThread = false) : SynchronizationContext
{
    private readonly Lock _gate = new();
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _ready = [];
    private int? _thread;
    private string? _foreignThread;
    private bool _isDead;

    /// <inheritdoc />
    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_gate)
        {
            if (_isDead)
                return;
            // What another thread does meanwhile comes at any time, so the run could not be repeated.
            if (_thread is { } thread && thread != Environment.CurrentManagedThreadId)
                _foreignThread ??= Environment.StackTrace;
            _ready.Enqueue((d, state));
        }
    }

    /// <inheritdoc />
    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing here waits for a thread.");

    /// <inheritdoc />
    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Starts work here. It runs up to its first wait.</summary>
    /// <returns>What the work returned.</returns>
    public TTask Start<TTask>(Func<TTask> work)
        where TTask : Task
    {
        var before = Enter();
        try
        {
            return work();
        }
        finally
        {
            Leave(before);
        }
    }

    /// <summary>Runs what is ready, and what that makes ready, until nothing is.</summary>
    /// <returns>Whether anything was.</returns>
    /// <exception cref="InvalidOperationException">Something went on on another thread.</exception>
    public bool RunUntilIdle()
    {
        var before = Enter();
        var any = false;
        try
        {
            while (TryTake(out var next))
            {
                any = true;
                next.Callback(next.State);
            }
        }
        finally
        {
            Leave(before);
        }
        if (_foreignThread is not null)
            throw new InvalidOperationException($"Something went on on another thread:\n{_foreignThread}");
        return any;
    }

    /// <summary>Forgets what is ready and takes nothing in any more, as when a process is killed.</summary>
    public void Kill()
    {
        lock (_gate)
        {
            _isDead = true;
            _ready.Clear();
        }
    }

    /// <summary>Runs something without this context, so that what awaits it with <c>ConfigureAwait(false)</c> goes on at once on this thread.</summary>
    public static void WithoutContext(Action action)
    {
        var before = Current;
        SetSynchronizationContext(null);
        try
        {
            action();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    private SynchronizationContext? Enter()
    {
        var before = Current;
        SetSynchronizationContext(this);
        _thread = Environment.CurrentManagedThreadId;
        return before;
    }

    private void Leave(SynchronizationContext? before)
    {
        if (!staysOnThread)
            _thread = null;
        SetSynchronizationContext(before);
    }

    private bool TryTake(out (SendOrPostCallback Callback, object? State) next)
    {
        lock (_gate)
            return _ready.TryDequeue(out next);
    }
}
