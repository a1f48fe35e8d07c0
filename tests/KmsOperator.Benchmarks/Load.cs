using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Benchmarks;

/// <summary>A load on the API server: resources to make, comparisons to ask for, bare writes.</summary>
internal sealed class Load : IDisposable
{
    private const int Concurrency = 16;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(100);

    private static readonly ResourceType<ServiceKey> Keys = new(
        ApiGroup.Name, ApiGroup.Version, ServiceKey.Plural, ServiceKey.KindName, true, ApiJsonContext.Default.ServiceKey, ApiJsonContext.Default.ResourceListServiceKey);

    private readonly string _namespace;
    private readonly TimeProvider _time;
    private readonly KubernetesApi _api;

    public Load(string @namespace, TimeProvider time)
    {
        _namespace = @namespace;
        _time = time;
        _api = KubernetesApi.Connect("kms-operator-bench", time);
    }

    public void Dispose() => _api.Dispose();

    /// <summary>Makes keys, and waits until they are Ready.</summary>
    public async Task<TimeSpan> CreateAsync(int count, IReadOnlyList<string> classes)
    {
        var began = _time.GetTimestamp();
        await AddAsync(count, classes);
        await UntilAllAsync(key => key.Status?.Conditions?.Any(condition => condition is { Type: ConditionTypes.Ready, Status: "True" }) == true);
        return _time.GetElapsedTime(began);
    }

    /// <summary>Makes keys; each class gets as many.</summary>
    public async Task<TimeSpan> AddAsync(int count, IReadOnlyList<string> classes)
    {
        var began = _time.GetTimestamp();
        await ForEachAsync(count, (i, token) => _api.CreateAsync(Keys, Make(i, classes[i % classes.Count], suspend: null), token));
        return _time.GetElapsedTime(began);
    }

    public async Task<TimeSpan> CompareAsync()
    {
        var began = _time.GetTimestamp();
        var at = _time.GetUtcNow().ToString("O");
        var keys = await ListAsync();
        await ForEachAsync(keys.Count, (i, token) => _api.MergePatchAsync(
            Keys,
            NamespacedName.Of(keys[i]),
            new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [AnnotationNames.ReconcileAt] = at } } },
            null,
            token));
        await UntilAllAsync(key => key.Status?.LastHandledReconcileAt == at);
        return _time.GetElapsedTime(began);
    }

    public async Task<TimeSpan> WriteAsync(int count)
    {
        const int Objects = 50;
        await ForEachAsync(Objects, (i, token) => _api.CreateAsync(Keys, Make(i, "none", suspend: true), token));
        var began = _time.GetTimestamp();
        await ForEachAsync(count, (i, token) => _api.MergePatchAsync(
            Keys,
            new NamespacedName(_namespace, Name(i % Objects)),
            new JsonObject { ["status"] = new JsonObject { ["keyState"] = $"Write{i}" } },
            "status",
            token));
        return _time.GetElapsedTime(began);
    }

    private async Task UntilAllAsync(Func<ServiceKey, bool> holds)
    {
        var began = _time.GetTimestamp();
        while (!(await ListAsync()).All(holds))
        {
            if (_time.GetElapsedTime(began) > Limit)
            {
                throw new TimeoutException($"Not all keys were done within {Limit}.");
            }

            await Task.Delay(PollPeriod, _time);
        }
    }

    private async Task<List<ServiceKey>> ListAsync()
    {
        var keys = new List<ServiceKey>();
        string? token = null;
        do
        {
            var page = await _api.ListPageAsync(Keys, _namespace, 500, token, CancellationToken.None);
            keys.AddRange(page.Items);
            token = page.Metadata.Continue;
        }
        while (!string.IsNullOrEmpty(token));

        return keys;
    }

    private static Task ForEachAsync(int count, Func<int, CancellationToken, Task> act) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency },
            async (i, token) => await act(i, token));

    private static string Name(int i) => $"key-{i:d5}";

    private ServiceKey Make(int i, string className, bool? suspend) => new()
    {
        Metadata = new ObjectMeta { Namespace = _namespace, Name = Name(i) },
        Spec = new ServiceKeySpec { ClassName = className, Service = "s3", Alias = $"alias/bench/{_namespace}/{i}", Suspend = suspend },
    };
}
