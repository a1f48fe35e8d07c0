using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

/// <summary>Leader election: lets one of several processes lead, by a Lease that the leader renews.</summary>
/// <param name="api">The API server.</param>
/// <param name="key">The Lease. It is created if it does not exist.</param>
/// <param name="identity">Identifies this process. It must be unique, and another one after a restart.</param>
/// <param name="options">The durations.</param>
/// <param name="time">Its monotonic clock decides. The times in the Lease are for people.</param>
/// <param name="random">Source of the jitter between attempts to take the lease.</param>
/// <param name="logger">Gets who leads.</param>
/// <param name="fenceClock">
/// Clock of <see cref="MayWrite"/> and <see cref="MayCreate"/>: a <see cref="BootTimeProvider"/>, whose timestamps count the time while the
/// machine is suspended. <paramref name="time"/> when null.
/// </param>
/// <remarks>
/// Clocks of different machines are never compared. A lease has expired when this process has seen it unchanged for the lease's duration.
/// Source: client-go <c>tools/leaderelection</c>. The rules are the same, so both can compete for one lease.
/// </remarks>
public sealed class LeaderLease(
    IKubernetesApi api, NamespacedName key, string identity, LeaderLeaseOptions options, TimeProvider time, Random random, ILogger logger,
    TimeProvider? fenceClock = null)
{
    // Without ContinueOnCapturedContext the rest of a method would leave the SynchronizationContext of a simulation.
    private const ConfigureAwaitOptions Quietly = ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;

    private readonly LeaseRenewals _renewals = new(fenceClock ?? time);
    private Lease? _seen;
    private long _seenAt;
    private (long Timestamp, LeaseRenewals.Renewal Moment) _takenAt;
    // A write that takes the lease was sent, and nobody else was seen to hold it since. If its answer was lost, the lease may name this process.
    private bool _takeSent;
    private volatile bool _leads;

    /// <summary>Name of the Lease.</summary>
    public string Name => key.Name;

    /// <summary>Whether this process leads now.</summary>
    public bool IsLeader => _leads;

    /// <summary>Who held the lease when it was read or written last; null when nobody did, or nothing was read yet.</summary>
    public string? SeenHolder => IsFree(_seen) ? null : _seen!.Spec.HolderIdentity;

    /// <summary>Whether the lease that was seen last has a holder that has let it expire.</summary>
    public bool IsSeenExpired => !IsFree(_seen) && HasExpired(_seen!);

    /// <summary>
    /// Whether this process may write now: it leads, and it renewed the lease less than <see cref="LeaderLeaseOptions.RenewDeadline"/> ago. Ask
    /// immediately before each write. Unlike <see cref="IsLeader"/> the answer is right also just after a pause of the process, before any
    /// timer has run.
    /// </summary>
    public bool MayWrite() => _renewals.IsYoungerThan(options.RenewDeadline);

    /// <summary>
    /// Whether this process may send a write now that must not happen twice: it renewed the lease less than
    /// <see cref="LeaderLeaseOptions.FreshRenewal"/> ago.
    /// </summary>
    public bool MayCreate() => _renewals.IsYoungerThan(options.FreshRenewal);

    /// <summary>
    /// Waits until <see cref="MayCreate"/> is true. That costs no request: the lease is renewed every
    /// <see cref="LeaderLeaseOptions.RetryPeriod"/> anyway.
    /// </summary>
    /// <returns>False if the lease is lost meanwhile.</returns>
    public async Task<bool> WaitUntilMayCreateAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = _renewals.Next();
            if (MayCreate())
                return true;
            if (!MayWrite())
                return false;
            await next.WaitAsync(cancellationToken);
            // Ends the renewal's call before the caller's work goes on, on the caller's SynchronizationContext if it has one.
            await Task.Yield();
        }
    }

    /// <summary>Waits for the lease, runs <paramref name="whileLeading"/>, and releases the lease when that has ended.</summary>
    /// <param name="whileLeading">
    /// The work of the leader. Its first token is cancelled with <paramref name="cancellationToken"/>, and when the lease is lost. Its second
    /// token is cancelled only when the lease is lost: another instance may lead soon, so running work must stop at once.
    /// </param>
    /// <param name="cancellationToken">Stops waiting or leading. The lease is kept until <paramref name="whileLeading"/> has ended.</param>
    /// <exception cref="LeaseLostException">Thrown at once, without waiting for <paramref name="whileLeading"/>. The process must end.</exception>
    public async Task RunAsync(Func<CancellationToken, CancellationToken, Task> whileLeading, CancellationToken cancellationToken)
    {
        while (!await TryTakeAsync(cancellationToken))
        {
            await Task.Delay(WithJitter(options.RetryPeriod), time, cancellationToken).ConfigureAwait(Quietly);
            if (cancellationToken.IsCancellationRequested)
                return;
        }
        await HoldAsync(whileLeading, cancellationToken);
    }

    /// <summary>Reads who holds the lease, so that it is known how long nobody has renewed it. For those who decide themselves when to take a lease.</summary>
    /// <returns>False if the lease could not be read.</returns>
    public Task<bool> LookAsync(CancellationToken cancellationToken) => AttemptAsync(options.RenewDeadline / 2, take: false, cancellationToken);

    /// <summary>Tries once to take the lease. If that succeeds, call <see cref="HoldAsync"/> at once.</summary>
    public Task<bool> TryTakeAsync(CancellationToken cancellationToken)
    {
        _takenAt = (time.GetTimestamp(), _renewals.Now());
        return AttemptAsync(options.RenewDeadline / 2, take: true, cancellationToken);
    }

    /// <summary>Renews the lease that was just taken, runs <paramref name="whileLeading"/>, and releases the lease when that has ended.</summary>
    /// <param name="whileLeading">As in <see cref="RunAsync"/>.</param>
    /// <param name="cancellationToken">As in <see cref="RunAsync"/>.</param>
    /// <exception cref="LeaseLostException">
    /// Thrown at once, without waiting for <paramref name="whileLeading"/>. The lease must not be taken again before that has ended.
    /// </exception>
    public async Task HoldAsync(Func<CancellationToken, CancellationToken, Task> whileLeading, CancellationToken cancellationToken)
    {
        var (began, moment) = _takenAt;
        logger.LogInformation("{Identity} leads by {Lease}", identity, key);
        _leads = true;
        _renewals.Succeeded(moment);
        using var lost = new CancellationTokenSource();
        using var leading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lost.Token);
        using var ended = new CancellationTokenSource();
        var renewal = RenewAsync(began, ended.Token);
        var work = StartAsync(() => whileLeading(leading.Token, lost.Token));
        try
        {
            if (await Task.WhenAny(work, renewal) == renewal)
            {
                lost.Cancel();
                await renewal;
            }
        }
        finally
        {
            _leads = false;
            _takeSent = false;
            _renewals.End();
        }
        ended.Cancel();
        await renewal.ConfigureAwait(Quietly);
        if (!options.IsShared)
            await ReleaseAsync();
        await work;
    }

    /// <summary>Returns before the work's first step, also if that step blocks, so that the lease is renewed beside it.</summary>
    private static async Task StartAsync(Func<Task> work)
    {
        await Task.Yield();
        await work();
    }

    /// <summary>Renews the lease until <paramref name="ended"/> is cancelled.</summary>
    /// <param name="renewedAt">When the last successful attempt began. Other instances count from when they saw it, which is later.</param>
    /// <param name="ended">Stops renewing; the lease is not released here.</param>
    private async Task RenewAsync(long renewedAt, CancellationToken ended)
    {
        while (true)
        {
            // Do not wait past the deadline. The time between the deadline and the lease's expiry is for the work to stop.
            var left = Left(time.GetTimestamp());
            if (left > TimeSpan.Zero)
                await Task.Delay(Shorter(left, options.RetryPeriod), time, ended).ConfigureAwait(Quietly);
            var (began, moment) = (time.GetTimestamp(), _renewals.Now());
            left = Left(began);
            if (ended.IsCancellationRequested)
                return;
            if (left <= TimeSpan.Zero)
                throw new LeaseLostException($"Lease {key} could not be renewed for {options.RenewDeadline.TotalSeconds:0} s.");
            // The attempt must leave time for a second one within the deadline, and must not go past it.
            if (await AttemptAsync(Shorter(left, options.RenewDeadline / 2), take: true, ended))
            {
                renewedAt = began;
                _renewals.Succeeded(moment);
            }
            else if (!IsFree(_seen) && _seen?.Spec.HolderIdentity != identity)
                throw new LeaseLostException($"Lease {key} is now held by {_seen?.Spec.HolderIdentity}.");
        }

        TimeSpan Left(long now) => options.RenewDeadline - time.GetElapsedTime(renewedAt, now);
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>Tries once to take or renew the lease, or only to read it.</summary>
    private async Task<bool> AttemptAsync(TimeSpan limit, bool take, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            if (_leads && _seen is not null)
            {
                try
                {
                    See(await WriteAsync(_seen, either.Token));
                    return true;
                }
                catch (KubernetesApiException e) when (e.IsConflict || e.IsNotFound)
                {
                    // Somebody else wrote the lease, or an earlier attempt did succeed although its answer was lost. Read it.
                }
            }
            var found = await api.GetAsync(BuiltInTypes.Leases, key, either.Token);
            if (!take)
            {
                if (found is not null)
                    See(found);
                return true;
            }
            if (found is null)
            {
                _takeSent = true;
                See(await api.CreateAsync(BuiltInTypes.Leases, New(), either.Token));
                return true;
            }
            See(found);
            _takeSent &= found.Spec.HolderIdentity == identity;
            if (!MayTake(found))
                return false;
            _takeSent = true;
            See(await WriteAsync(found, either.Token));
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (KubernetesApiException e) when (e.IsConflict)
        {
            return false;
        }
        catch (Exception e)
        {
            logger.LogWarning("Cannot take or renew lease {Lease}: {Message}", key, e.Message);
            return false;
        }
    }

    private void See(Lease lease)
    {
        if (_seen?.Metadata.ResourceVersion == lease.Metadata.ResourceVersion)
            return;
        (_seen, _seenAt) = (lease, time.GetTimestamp());
    }

    /// <summary>
    /// Whether a lease may be taken or renewed. One that names this process although it has not asked for it comes from a restored backup: another process may have led since, and
    /// works until it notices.
    /// </summary>
    private bool MayTake(Lease lease) =>
        IsFree(lease)
        || (lease.Spec.HolderIdentity == identity && (_leads || _takeSent || options.IsShared))
        || HasExpired(lease);

    /// <summary>Whether nobody has renewed the lease that was seen last for as long as it is valid.</summary>
    private bool HasExpired(Lease seen) =>
        time.GetElapsedTime(_seenAt) >= TimeSpan.FromSeconds(seen.Spec.LeaseDurationSeconds ?? options.LeaseDuration.TotalSeconds);

    private static bool IsFree(Lease? lease) => string.IsNullOrEmpty(lease?.Spec.HolderIdentity);

    private Lease New() => new()
    {
        Metadata = new() { Namespace = key.Namespace, Name = key.Name },
        Spec = new()
        {
            HolderIdentity = identity,
            LeaseDurationSeconds = (int)options.LeaseDuration.TotalSeconds,
            AcquireTime = time.GetUtcNow(),
            RenewTime = time.GetUtcNow(),
            LeaseTransitions = 0,
        },
    };

    private Task<Lease> WriteAsync(Lease current, CancellationToken cancellationToken)
    {
        var now = MicroTimeConverter.Format(time.GetUtcNow());
        var spec = new JsonObject
        {
            ["holderIdentity"] = identity,
            ["leaseDurationSeconds"] = (int)options.LeaseDuration.TotalSeconds,
            ["renewTime"] = now,
        };
        if (current.Spec.HolderIdentity != identity)
        {
            spec["acquireTime"] = now;
            spec["leaseTransitions"] = (current.Spec.LeaseTransitions ?? 0) + 1;
        }
        return PatchAsync(current, spec, cancellationToken);
    }

    /// <summary>Releases the lease, so that another instance can lead at once. If that fails, the lease expires by itself.</summary>
    private async Task ReleaseAsync()
    {
        using var limit = new CancellationTokenSource(options.RenewDeadline / 2, time);
        try
        {
            // Read first, since a renewal whose answer was lost may have changed the version.
            if (await api.GetAsync(BuiltInTypes.Leases, key, limit.Token) is not { } current || current.Spec.HolderIdentity != identity)
                return;
            await PatchAsync(current, new() { ["holderIdentity"] = "", ["leaseDurationSeconds"] = 1 }, limit.Token);
            logger.LogInformation("{Identity} released {Lease}", identity, key);
        }
        catch (Exception e)
        {
            logger.LogWarning("Cannot release lease {Lease}, it expires in {Duration}: {Message}", key, options.LeaseDuration, e.Message);
        }
    }

    private Task<Lease> PatchAsync(Lease current, JsonObject spec, CancellationToken cancellationToken)
    {
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = current.Metadata.ResourceVersion },
            ["spec"] = spec,
        };
        return api.MergePatchAsync(BuiltInTypes.Leases, key, patch, null, cancellationToken);
    }

    private TimeSpan WithJitter(TimeSpan period)
    {
        lock (random)
            return period * (1 + 0.2 * random.NextDouble());
    }
}
