namespace KmsOperator.Simulation.Scheduling;

/// <summary>Something that is ready to go on.</summary>
/// <param name="Process">Whose it is.</param>
/// <param name="Callback">What is called.</param>
/// <param name="State">What it is called with.</param>
/// <param name="InContext">
/// Whether awaits in it come back to the process by its context. Without it, awaits with <c>ConfigureAwait(false)</c> go on at once on this
/// thread instead of on the thread pool: answers of the transport and timers come so.
/// </param>
internal readonly record struct ReadyWork(SimulatedProcess Process, SendOrPostCallback Callback, object? State, bool InContext)
{
    /// <summary>Calls it.</summary>
    public void Run()
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(InContext ? Process.Context : null);
        try
        {
            Callback(State);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }
}
