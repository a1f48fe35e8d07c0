using System.Text.Json;
using KmsOperator.Api;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

/// <summary>Keeps a store like the API server: lists, watches from there on, resumes where a watch ended, and lists again when it cannot.</summary>
/// <param name="api">The API server.</param>
/// <param name="type">The kind.</param>
/// <param name="store">The store to fill; no other reflector may fill it.</param>
/// <param name="options">What to watch, and how patiently.</param>
/// <param name="time">Clock of waits.</param>
/// <param name="random">Scatters waits and the ends of watches.</param>
/// <param name="logger">Told of failures.</param>
/// <remarks>Source: Kubernetes API concepts, "Efficient detection of changes" and "410 Gone responses".</remarks>
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
        await Task.WhenAll(scopes.Select(scope => KeepAsync(scope, cancellationToken)));
    }

    private async Task KeepAsync(string? scope, CancellationToken cancellationToken)
    {
        var where = scope ?? "all namespaces";
        var failures = 0;
        var listed = false;
        string? version = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan wait;
            try
            {
                if (version is null)
                {
                    version = await ListAsync(scope, cancellationToken);
                    if (!listed && Interlocked.Decrement(ref _unlisted) == 0)
                        store.MarkSynced();
                    listed = true;
                }
                var began = time.GetTimestamp();
                var timing = new WatchTiming(Scattered(options.WatchDuration), options.IdleDeadline);
                await foreach (var line in api.WatchAsync(type, scope, version, timing, cancellationToken))
                {
                    Take(line);
                    version = line.Resource.Metadata.ResourceVersion ?? version;
                    failures = 0;
                }
                // A server that ends every watch at once must not be asked again at once.
                failures = time.GetElapsedTime(began) < options.FirstBackoff ? failures + 1 : 0;
                wait = failures == 0 ? TimeSpan.Zero : _backoff.After(failures);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (KubernetesApiException e) when (e.IsGone && version is not null)
            {
                logger.LogInformation("Version {Version} of {Kind} in {Namespace} has expired: listing again", version, type.Kind, where);
                version = null;
                // At once the first time; a server whose fresh lists are already too old is left alone for longer and longer.
                wait = failures++ == 0 ? TimeSpan.Zero : _backoff.After(failures);
            }
            catch (TimeoutException e)
            {
                wait = _backoff.After(++failures);
                logger.LogInformation("{Kind} in {Namespace}, next attempt in {Wait}: {Message}", type.Kind, where, wait, e.Message);
            }
            // Also what is no network's fault, a credential plugin's failure for one: the watch must outlive it.
            catch (Exception e)
            {
                wait = _backoff.After(++failures);
                if (e is KubernetesApiException { RetryAfter: { } asked } && asked > wait)
                    wait = asked;
                logger.LogWarning(e, "Cannot read {Kind} in {Namespace}, next attempt in {Wait}", type.Kind, where, wait);
            }
            await Task.Delay(wait, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private async Task<string> ListAsync(string? scope, CancellationToken cancellationToken)
    {
        var items = new List<T>();
        string? page = null;
        ResourceList<T> list;
        do
        {
            list = await api.ListPageAsync(type, scope, options.PageSize, page, cancellationToken);
            items.AddRange(list.Items);
            page = list.Metadata.Continue;
        }
        // The last page's token is "" on some servers and absent on others.
        while (!string.IsNullOrEmpty(page));
        store.Replace(scope, items);
        return list.Metadata.ResourceVersion ?? throw new JsonException($"The list of {type.Kind} has no resourceVersion.");
    }

    private void Take(WatchEvent<T> line)
    {
        switch (line.Kind)
        {
            case WatchEventKind.Added or WatchEventKind.Modified:
                store.Set(line.Resource);
                break;
            case WatchEventKind.Deleted:
                store.Remove(NamespacedName.Of(line.Resource), line.Resource);
                break;
            default:
                break;
        }
    }

    private TimeSpan Scattered(TimeSpan duration)
    {
        lock (random)
            return duration * (1 + random.NextDouble());
    }
}
