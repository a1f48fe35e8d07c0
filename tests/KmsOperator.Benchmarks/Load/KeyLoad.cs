using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Benchmarks.Load;

/// <summary>A load on the API server: classes and keys to make, comparisons to ask for. Bodies are made before the clock starts.</summary>
internal sealed class KeyLoad(ApiConnection api, TimeProvider time)
{
    /// <summary>Requests that are under way at the same time: as many as the operator has workers.</summary>
    public const int Concurrency = 16;

    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(200);

    /// <summary>Makes the classes that are not there yet, each with an account of its own, and waits until all are Ready.</summary>
    public async Task CreateClassesAsync(string prefix, int count, long firstAccount, CancellationToken cancellationToken)
    {
        await ForEachAsync(count, async (i, token) =>
        {
            try
            {
                await api.SendAsync(HttpMethod.Post, ApiPaths.Classes, ResourceBodies.Class($"{prefix}-{i + 1}", firstAccount + i), ApiConnection.Json, token);
            }
            catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.Conflict)
            {
                // It is there from an earlier scene.
            }
        }, cancellationToken);
        while ((await api.GetAsync(ApiPaths.Classes, cancellationToken)).GetProperty("items").EnumerateArray().Any(one => !ResourceStatus.IsReady(one)))
            await Task.Delay(PollPeriod, time, cancellationToken);
    }

    /// <summary>Makes keys, the same number for each class, and waits until all are Ready.</summary>
    public async Task<TimeSpan> CreateAsync(string @namespace, int count, IReadOnlyList<string> classes, CancellationToken cancellationToken)
    {
        var bodies = Bodies(@namespace, count, classes);
        using var watch = await KeyWatch.OpenAsync(api, @namespace, cancellationToken);
        var began = time.GetTimestamp();
        var ready = watch.UntilAsync(count, ResourceStatus.ReadyText, ResourceStatus.IsReady, cancellationToken);
        await PostAsync(@namespace, count, i => bodies[i], cancellationToken);
        await ready;
        return time.GetElapsedTime(began);
    }

    /// <summary>Makes keys without waiting for them.</summary>
    public async Task<TimeSpan> AddAsync(string @namespace, int count, IReadOnlyList<string> classes, CancellationToken cancellationToken)
    {
        var bodies = Bodies(@namespace, count, classes);
        return await AddAsync(@namespace, count, i => bodies[i], cancellationToken);
    }

    /// <summary>Makes keys of any kind without waiting for them.</summary>
    public async Task<TimeSpan> AddAsync(string @namespace, int count, Func<int, byte[]> body, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        await PostAsync(@namespace, count, body, cancellationToken);
        return time.GetElapsedTime(began);
    }

    /// <summary>Asks for a comparison of all keys with KMS, of those of one class after those of another, and waits for it.</summary>
    public async Task<TimeSpan> CompareAsync(string @namespace, int count, int classes, CancellationToken cancellationToken)
    {
        var order = Enumerable.Range(0, count).OrderBy(i => i % classes).ToArray();
        var at = time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
        var body = ResourceBodies.Bytes(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [AnnotationNames.ReconcileAt] = at } } });
        using var watch = await KeyWatch.OpenAsync(api, @namespace, cancellationToken);
        var began = time.GetTimestamp();
        var compared = watch.UntilAsync(count, $"\"lastHandledReconcileAt\":\"{at}\"", IsCompared, cancellationToken);
        await ForEachAsync(count, (i, token) => api.SendAsync(HttpMethod.Patch, ApiPaths.Key(@namespace, order[i]), body, ApiConnection.MergePatch, token), cancellationToken);
        await compared;
        return time.GetElapsedTime(began);

        bool IsCompared(JsonElement key) => key.GetProperty("status").GetProperty("lastHandledReconcileAt").ValueEquals(at);
    }

    /// <summary>Runs <paramref name="act"/> for 0 to <paramref name="count"/> - 1, <see cref="Concurrency"/> at the same time.</summary>
    public static Task ForEachAsync(int count, Func<int, CancellationToken, Task> act, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken },
            async (i, token) => await act(i, token));

    private static byte[][] Bodies(string @namespace, int count, IReadOnlyList<string> classes) =>
        [.. Enumerable.Range(0, count).Select(i => ResourceBodies.Key(@namespace, i, classes[i % classes.Count]))];

    private Task PostAsync(string @namespace, int count, Func<int, byte[]> body, CancellationToken cancellationToken) =>
        ForEachAsync(count, (i, token) => api.SendAsync(HttpMethod.Post, ApiPaths.Keys(@namespace), body(i), ApiConnection.Json, token), cancellationToken);
}
