using System.Text.Json;
using KmsOperator.Api;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

/// <summary>Fills a store from the API server: lists, watches, continues where a watch ended, and lists again when it must.</summary>
/// <param name="api">The API server.</param>
/// <param name="type">The kind.</param>
/// <param name="store">The store to fill. No other reflector may fill it.</param>
/// <param name="options">What to watch, and how long to wait.</param>
/// <param name="time">Clock of waits.</param>
/// <param name="random">Source of the jitter of waits and of the ends of watches.</param>
/// <param name="logger">Gets failures and unreadable objects.</param>
/// <remarks>
/// An object that cannot be read is set aside in the store and all others go on. A server that was restored from a backup goes back to
/// older versions. A watch from a version that the server has not reached again stays silent, and it does not tell what was written since
/// the restore. The server's present version does not show that: others may have written as much as was lost. So after each failure and
/// after a silence the reflector lists again. Source: Kubernetes API concepts, "Efficient detection of changes" and "410 Gone responses".
/// </remarks>
public sealed class Reflector<T>(
    IKubernetesApi api,
    ResourceType<T> type,
    ResourceStore<T> store,
    ReflectorOptions<T> options,
    TimeProvider time,
    Random random,
    ILogger logger)
    where T : class, IResource
{
    private readonly Backoff _backoff = new(options.FirstBackoff, options.LongestBackoff, random);
    private int _unlisted;

    /// <summary>Lists and watches until cancelled. Failures are logged and tried again.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string?[] scopes = type.Namespaced && options.Namespaces.Count > 0 ? [.. options.Namespaces.Distinct()] : [null];
        _unlisted = scopes.Length;
        await Task.WhenAll(scopes.Select(scope => KeepAsync(new Scope(scope), cancellationToken)));
    }

    private async Task KeepAsync(Scope scope, CancellationToken cancellationToken)
    {
        var (failures, expirations) = (0, 0);
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan wait;
            var isListed = false;
            var attempted = time.GetTimestamp();
            try
            {
                if (scope.Version is null || scope.IsDoubtful)
                {
                    await ListAsync(scope, cancellationToken);
                    isListed = true;
                }
                var began = time.GetTimestamp();
                await WatchAsync(scope, () => (failures, expirations) = (0, 0), cancellationToken);
                // A server that ends every watch at once must not be asked again at once.
                failures = time.GetElapsedTime(began) < options.FirstBackoff ? failures + 1 : 0;
                wait = failures == 0 ? TimeSpan.Zero : _backoff.After(failures);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (KubernetesApiException e) when (e.IsGone && scope.Version is not null)
            {
                logger.LogInformation("Version {Version} of {Kind} in {Namespace} has expired: listing again", scope.Version, type.Kind, scope);
                scope.Version = null;
                // At once, however often the server failed before. Only if even a fresh list is too old for it, it is asked less and less often.
                wait = !isListed || expirations++ == 0 ? TimeSpan.Zero : _backoff.After(expirations);
            }
            catch (TimeoutException e)
            {
                scope.IsDoubtful = true;
                wait = WaitAfterFailure();
                logger.LogInformation("{Kind} in {Namespace}, next attempt in {Wait}: {Message}", type.Kind, scope, wait, e.Message);
            }
            // All failures, not only those of the network; a credential plugin may fail as well. The watch must go on after each.
            catch (Exception e)
            {
                scope.IsDoubtful = true;
                wait = WaitAfterFailure();
                if (e is KubernetesApiException { RetryAfter: { } asked } && asked > wait)
                    wait = asked;
                logger.LogWarning(e, "Cannot read {Kind} in {Namespace}, next attempt in {Wait}", type.Kind, scope, wait);
            }
            await Task.Delay(wait, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

            // A watch that went quiet after minutes is not the second failure in a row.
            TimeSpan WaitAfterFailure() => _backoff.After(failures = time.GetElapsedTime(attempted) < options.LongestBackoff ? failures + 1 : 1);
        }
    }

    /// <summary>Makes the store equal to a list, page by page: no more than a page is held beside the store.</summary>
    private async Task ListAsync(Scope scope, CancellationToken cancellationToken)
    {
        var present = new HashSet<NamespacedName>();
        var size = new PageSize(options.FirstPageSize, options.PageSize, options.PageBytes);
        string? version = null;
        string? page = null;
        do
        {
            var list = await api.ListPageAsync(type, scope.Namespace, size.Limit, page, cancellationToken);
            // All pages show the same version.
            version ??= BeginList(scope, list.Metadata.ResourceVersion);
            foreach (var item in list.Items)
            {
                present.Add(NamespacedName.Of(item));
                store.Set(item, isRestored: scope.IsDoubtful);
            }
            foreach (var unreadable in list.Unreadable)
            {
                Log(unreadable);
                present.Add(NamespacedName.Of(unreadable));
                store.SetUnreadable(unreadable);
            }
            size.Observe(list.Items.Count + list.Unreadable.Count, list.Bytes);
            page = list.Metadata.Continue;
        }
        // The last page's token is "" on some servers and absent on others.
        while (!string.IsNullOrEmpty(page));
        store.EndList(scope.Namespace, present);
        (scope.Version, scope.Seen, scope.IsDoubtful) = (version, version, false);
        if (!scope.IsListed && Interlocked.Decrement(ref _unlisted) == 0)
            store.MarkSynced();
        scope.IsListed = true;
    }

    private string BeginList(Scope scope, string? version)
    {
        if (version is null)
            throw new JsonException($"The list of {type.Kind} has no resourceVersion.");
        if (ResourceVersions.IsOlder(version, scope.Seen))
        {
            scope.IsDoubtful = true;
            logger.LogWarning(
                "The API server went back from version {Seen} to {Version}, as after a restored backup: {Kind} in {Namespace} is compared anew",
                scope.Seen, version, type.Kind, scope);
        }
        return version;
    }

    private async Task WatchAsync(Scope scope, Action onLine, CancellationToken cancellationToken)
    {
        var timing = new WatchTiming(WithJitter(options.WatchDuration), options.IdleDeadline);
        var heardAt = time.GetTimestamp();
        await foreach (var line in api.WatchAsync(type, scope.Namespace, scope.Version!, timing, cancellationToken))
        {
            heardAt = time.GetTimestamp();
            if (line.Kind != WatchEventKind.Deleted && ResourceVersions.IsOlder(line.ResourceVersion, scope.Version))
            {
                // Within a watch versions only grow.
                scope.IsDoubtful = true;
                return;
            }
            Take(line);
            scope.Version = line.ResourceVersion ?? scope.Version;
            scope.Seen = scope.Version;
            onLine();
        }
        scope.IsDoubtful = time.GetElapsedTime(heardAt) >= options.Silence;
    }

    private void Take(WatchEvent<T> line)
    {
        switch (line)
        {
            case { Kind: WatchEventKind.Bookmark }:
                break;
            case { Unreadable: { } unreadable, Kind: WatchEventKind.Deleted }:
                store.Remove(NamespacedName.Of(unreadable), null);
                break;
            case { Unreadable: { } unreadable }:
                Log(unreadable);
                store.SetUnreadable(unreadable);
                break;
            case { Kind: WatchEventKind.Deleted }:
                store.Remove(NamespacedName.Of(line.Resource!), line.Resource);
                break;
            default:
                store.Set(line.Resource!);
                break;
        }
    }

    private void Log(UnreadableObject unreadable) => logger.LogWarning(
        "{Kind} {Object} cannot be read and is set aside: {Message}", unreadable.Kind, NamespacedName.Of(unreadable), unreadable.Message);

    private TimeSpan WithJitter(TimeSpan duration)
    {
        lock (random)
            return duration * (1 + random.NextDouble());
    }

    /// <summary>Where the list and the watch of one namespace, or of all, have come to.</summary>
    private sealed class Scope(string? @namespace)
    {
        public string? Namespace => @namespace;

        /// <summary>The version from which to watch; null if a list must come first.</summary>
        public string? Version { get; set; }

        /// <summary>The newest version that the server has shown.</summary>
        public string? Seen { get; set; }

        public bool IsListed { get; set; }

        /// <summary>Whether the server may have been restored from a backup since the last list.</summary>
        public bool IsDoubtful { get; set; }

        public override string ToString() => @namespace ?? "all namespaces";
    }
}
