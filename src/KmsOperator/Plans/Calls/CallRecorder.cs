namespace KmsOperator.Plans.Calls;

/// <summary>Knows for which resource the code that runs now works. The transport of the AWS SDK sees only requests.</summary>
internal sealed class CallRecorder
{
    private readonly AsyncLocal<ResourceCalls?> _current = new();

    /// <summary>The resource that this flow of calls is for; null outside <see cref="ForAsync"/>.</summary>
    public ResourceCalls? Current => _current.Value;

    /// <summary>Does something for a resource. Several may be done at the same time.</summary>
    public async Task ForAsync(ResourceCalls calls, Func<Task> action)
    {
        _current.Value = calls;
        await action();
    }
}
