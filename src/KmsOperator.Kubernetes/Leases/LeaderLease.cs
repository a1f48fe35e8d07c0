using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

/// <summary>Lets one of several processes lead, by a Lease that the leader renews.</summary>
/// <param name="api">The API server.</param>
/// <param name="key">The Lease; created when missing.</param>
/// <param name="identity">Names this process and no other, also not its predecessor after a restart.</param>
/// <param name="options">How long the lease lasts.</param>
/// <param name="time">Its monotonic clock decides; the times in the Lease are for people.</param>
/// <param name="random">Scatters the attempts of those who wait.</param>
/// <param name="logger">Told who leads.</param>
/// <remarks>
/// Clocks of different machines are never compared: a lease has expired when this process has watched it unchanged for its duration.
/// Source: client-go <c>tools/leaderelection</c>, whose rules this follows, so that either can hold a lease against the other.
/// </remarks>
public sealed class LeaderLease(
    IKubernetesApi api, NamespacedName key, string identity, LeaderLeaseOptions options, TimeProvider time, Random random, ILogger logger)
{
    private Lease? _seen;
    private long _seenAt;
    private volatile bool _leads;

    /// <summary>Whether this process leads now.</summary>
    public bool IsLeader => _leads;

    /// <summary>Waits for the lease, then runs <paramref name="whileLeading"/>, and gives the lease back when that has ended.</summary>
    /// <param name="whileLeading">
    /// Its first token is cancelled with <paramref name="cancellationToken"/>, and when the lease is lost; its second one only when the lease
    /// is lost: another may lead soon, so what is in hand must not be finished.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting or the leading; the lease is kept until <paramref name="whileLeading"/> has ended.</param>
    /// <exception cref="LeaseLostException">Thrown at once, without waiting for <paramref name="whileLeading"/>: end the process.</exception>
    public async Task RunAsync(Func<CancellationToken, CancellationToken, Task> whileLeading, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (!await AttemptAsync(options.RenewDeadline / 2, cancellationToken))
        {
            await Task.Delay(Scattered(options.RetryPeriod), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
                return;
            began = time.GetTimestamp();
        }
        logger.LogInformation("{Identity} leads by {Lease}", identity, key);
        _leads = true;
        using var lost = new CancellationTokenSource();
        using var leading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lost.Token);
        using var ended = new CancellationTokenSource();
        var renewal = RenewAsync(began, ended.Token);
        var work = Task.Run(() => whileLeading(leading.Token, lost.Token), CancellationToken.None);
        try
        {
            if (await Task.WhenAny(work, renewal) == renewal)
            {
                await lost.CancelAsync();
                await renewal;
            }
        }
        finally
        {
            _leads = false;
        }
        await ended.CancelAsync();
        await renewal.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ReleaseAsync();
        await work;
    }

    /// <summary>Renews until <paramref name="ended"/>.</summary>
    /// <param name="renewedAt">When the last successful attempt began; others count from when they saw it, which is later.</param>
    /// <param name="ended">Ends the renewing without giving the lease back.</param>
    private async Task RenewAsync(long renewedAt, CancellationToken ended)
    {
        while (true)
        {
            // Not past the deadline: what is left until the lease expires is for the work to end.
            var left = Left(time.GetTimestamp());
            if (left > TimeSpan.Zero)
                await Task.Delay(Shorter(left, options.RetryPeriod), time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var began = time.GetTimestamp();
            left = Left(began);
            if (ended.IsCancellationRequested)
                return;
            if (left <= TimeSpan.Zero)
                throw new LeaseLostException($"Lease {key} could not be renewed for {options.RenewDeadline.TotalSeconds:0} s.");
            // Short enough for a second attempt within the deadline, and never past it.
            if (await AttemptAsync(Shorter(left, options.RenewDeadline / 2), ended))
                renewedAt = began;
            else if (!IsFree(_seen) && _seen?.Spec.HolderIdentity != identity)
                throw new LeaseLostException($"Lease {key} is now held by {_seen?.Spec.HolderIdentity}.");
        }

        TimeSpan Left(long now) => options.RenewDeadline - time.GetElapsedTime(renewedAt, now);
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>Takes or renews the lease, if that may be.</summary>
    private async Task<bool> AttemptAsync(TimeSpan limit, CancellationToken cancellationToken)
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
                    // Somebody else wrote, or an attempt that went unanswered did arrive: look.
                }
            }
            var found = await api.GetAsync(BuiltInTypes.Leases, key, either.Token);
            See(found ?? await api.CreateAsync(BuiltInTypes.Leases, New(), either.Token));
            if (found is null)
                return true;
            if (!MayTake(found))
                return false;
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

    private bool MayTake(Lease lease) =>
        IsFree(lease)
        || lease.Spec.HolderIdentity == identity
        || time.GetElapsedTime(_seenAt) >= TimeSpan.FromSeconds(lease.Spec.LeaseDurationSeconds ?? options.LeaseDuration.TotalSeconds);

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

    /// <summary>Lets a successor take over at once. When it fails the lease expires by itself.</summary>
    private async Task ReleaseAsync()
    {
        using var limit = new CancellationTokenSource(options.RenewDeadline / 2, time);
        try
        {
            // Read first: a renewal that went unanswered may have changed the version.
            if (await api.GetAsync(BuiltInTypes.Leases, key, limit.Token) is not { } current || current.Spec.HolderIdentity != identity)
                return;
            await PatchAsync(current, new() { ["holderIdentity"] = "", ["leaseDurationSeconds"] = 1 }, limit.Token);
            logger.LogInformation("{Identity} gave {Lease} back", identity, key);
        }
        catch (Exception e)
        {
            logger.LogWarning("Cannot give lease {Lease} back, it expires in {Duration}: {Message}", key, options.LeaseDuration, e.Message);
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

    private TimeSpan Scattered(TimeSpan period)
    {
        lock (random)
            return period * (1 + 0.2 * random.NextDouble());
    }
}
