namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>Waits for what other processes bring about.</summary>
public static class Eventually
{
    // Most conditions are a request to the API server, which costs more of the machine than it takes. What does not hold after a few looks takes longer.
    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LastInterval = TimeSpan.FromMilliseconds(400);

    /// <summary>Returns as soon as the condition holds; fails when it never does.</summary>
    /// <param name="condition">What to wait for.</param>
    /// <param name="otherwise">What to say when it does not come.</param>
    /// <param name="limit">How long to wait; a minute by default.</param>
    /// <param name="interval">How long to leave it alone between two looks; by default a short time that grows.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> otherwise, TimeSpan? limit = null, TimeSpan? interval = null)
    {
        using var deadline = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(60), TimeProvider.System);
        for (var next = FirstInterval; !await condition(); next = next * 1.5 < LastInterval ? next * 1.5 : LastInterval)
        {
            if (deadline.IsCancellationRequested)
                throw new TimeoutException(otherwise());
            await Task.Delay(interval ?? next, TimeProvider.System, CancellationToken.None);
        }
    }

    /// <inheritdoc cref="TrueAsync(Func{Task{bool}}, Func{string}, TimeSpan?, TimeSpan?)"/>
    public static Task TrueAsync(Func<bool> condition, Func<string> otherwise, TimeSpan? limit = null) =>
        TrueAsync(() => Task.FromResult(condition()), otherwise, limit);
}
