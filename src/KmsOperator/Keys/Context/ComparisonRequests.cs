namespace KmsOperator.Keys.Context;

/// <summary>The comparisons that were asked for because somebody else has changed a key. Only resources that wait for one take memory. Thread-safe.</summary>
internal sealed class ComparisonRequests
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ComparisonRequest> _open = new(StringComparer.Ordinal);

    /// <summary>Asks for a comparison of a resource's key that begins after this call. Requests that no reconcile has taken up yet become one.</summary>
    /// <param name="uid">The resource.</param>
    /// <param name="now">The time; what AWS shows must be at least as new.</param>
    /// <returns>The request, and whether it is a new one, for which the resource has to be reconciled.</returns>
    public (ComparisonRequest Request, bool IsNew) Ask(string uid, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_open.TryGetValue(uid, out var open) && !open.IsTakenUp)
            {
                open.NotBefore = now;
                return (open, false);
            }

            return (_open[uid] = new ComparisonRequest { NotBefore = now }, true);
        }
    }

    /// <summary>Takes up the open request of a resource, at the start of a reconcile.</summary>
    /// <returns>Null when there is none.</returns>
    public ComparisonRequest? TakeUp(string uid)
    {
        lock (_gate)
        {
            if (!_open.TryGetValue(uid, out var request))
            {
                return null;
            }

            request.IsTakenUp = true;
            return request;
        }
    }

    /// <summary>Ends a reconcile that had taken up a request.</summary>
    /// <param name="uid">The resource.</param>
    /// <param name="request">The request.</param>
    /// <param name="isDone">Whether the key was compared, or the status says that it must be; otherwise the request stays open.</param>
    public void End(string uid, ComparisonRequest request, bool isDone)
    {
        lock (_gate)
        {
            if (!isDone)
            {
                request.IsTakenUp = false;
                return;
            }

            if (_open.GetValueOrDefault(uid) == request)
            {
                _open.Remove(uid);
            }
        }

        request.Complete();
    }

    /// <summary>Drops the request for a resource that no longer exists.</summary>
    public void Remove(string uid)
    {
        lock (_gate)
        {
            _open.Remove(uid);
        }
    }
}

/// <summary>A request to compare a key with AWS. Its state belongs to <see cref="ComparisonRequests"/>.</summary>
internal sealed class ComparisonRequest
{
    private readonly TaskCompletionSource _done = new();

    /// <summary>What AWS shows must be at least as new as this.</summary>
    public DateTimeOffset NotBefore { get; set; }

    /// <summary>Whether a reconcile that has it is under way. It may have read already, so a later change needs another request.</summary>
    public bool IsTakenUp { get; set; }

    /// <summary>Ends when the key was compared. It need not end: the resource may be deleted.</summary>
    public Task WhenDone => _done.Task;

    /// <summary>The key was compared.</summary>
    public void Complete() => _done.TrySetResult();
}
