namespace KmsSimulator.Sqs;

/// <summary>
/// Lets a receive that waits go on where its message comes or its time ends: it would else go on in the context of whoever asked, and from there, in
/// the SDK, on the thread pool. So a test with one thread and a clock of its own stays on that thread.
/// </summary>
internal static class WithoutContext
{
    /// <summary>Runs something without a <see cref="SynchronizationContext"/>, up to its first wait.</summary>
    public static T Run<T>(Func<T> run)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }
}
