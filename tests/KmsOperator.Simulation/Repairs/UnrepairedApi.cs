using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.ApiServer;

namespace KmsOperator.Simulation.Repairs;

/// <summary>
/// Stands between an operator and the API server and takes a repair out: it keeps from the server what the repair would record, or from the
/// operator what the repair would look at.
/// </summary>
/// <param name="network">The way to the API server.</param>
/// <param name="without">The repair.</param>
internal sealed class UnrepairedApi(IKubernetesApi network, Repair without) : ForwardingApi(network)
{
    private readonly IKubernetesApi _network = network;
    private readonly Dictionary<(string Kind, NamespacedName Key), IResource> _told = [];
    private readonly Dictionary<string, string?> _versions = [];

    public override async Task<T?> GetAsync<T>(ResourceType<T> type, NamespacedName key, CancellationToken cancellationToken)
        where T : class
    {
        var found = await _network.GetAsync(type, key, cancellationToken);
        return without == Repair.LiveRead && found is IKeyResource or KeyClass && _told.TryGetValue((type.Kind, key), out var told) ? (T)told : Seen(found);
    }

    public override async Task<ResourceList<T>> ListPageAsync<T>(
        ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
    {
        var list = await _network.ListPageAsync(type, @namespace, limit, continueToken, cancellationToken);
        if (without == Repair.NewList && continueToken is null && _versions.TryGetValue(type.Kind, out var version))
        {
            // The watch goes on where it was, with the objects of then.
            return new ResourceList<T> { Metadata = new() { ResourceVersion = version }, Items = [.. _told.Where(told => told.Key.Kind == type.Kind).Select(told => (T)told.Value)] };
        }

        _versions[type.Kind] = list.Metadata.ResourceVersion;
        return list with { Items = [.. list.Items.Select(item => Told(type, Seen(item)!))] };
    }

    public override async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type, string? @namespace, string resourceVersion, WatchTiming timing,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var lines = _network.WatchAsync(type, @namespace, resourceVersion, timing, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await MoveNextAsync())
        {
            var line = lines.Current;
            _versions[type.Kind] = line.ResourceVersion ?? _versions.GetValueOrDefault(type.Kind);
            if (line.Kind == WatchEventKind.Deleted)
                _told.Remove((type.Kind, NamespacedName.Of(line.Resource!)));
            yield return line.Resource is { } resource && line.Kind is WatchEventKind.Added or WatchEventKind.Modified ? line with { Resource = Told(type, Seen(resource)!) } : line;
        }

        async ValueTask<bool> MoveNextAsync()
        {
            try
            {
                return await lines.MoveNextAsync();
            }
            catch (KubernetesApiException e) when (e.IsGone)
            {
                _versions.Remove(type.Kind);
                throw;
            }
        }
    }

    public override async Task<T> ApplyAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject body, string fieldManager, string? subresource, bool force, CancellationToken cancellationToken)
    {
        string[] unrecorded = without switch
        {
            Repair.AliasRecord => ["pendingAliasName", "formerAliasNames"],
            Repair.RotationRecord => ["rotationAttempt"],
            _ => [],
        };
        var sent = body.DeepClone().AsObject();
        foreach (var field in unrecorded)
            (sent["status"] as JsonObject)?.Remove(field);
        var answer = await _network.ApplyAsync(type, key, sent, fieldManager, subresource, force, cancellationToken);
        if (answer is not ServiceKey { Status: { } status } resource || unrecorded.Length == 0)
            return answer;

        // Who wrote it does not see that it was not kept.
        var asked = System.Text.Json.JsonSerializer.Deserialize(body["status"], ApiJsonContext.Default.KeyStatus)!;
        return (T)(IResource)(resource with
        {
            Status = without == Repair.AliasRecord
                ? status with { PendingAliasName = asked.PendingAliasName, FormerAliasNames = asked.FormerAliasNames }
                : status with { RotationAttempt = asked.RotationAttempt },
        });
    }

    private T Told<T>(ResourceType<T> type, T resource)
        where T : class, IResource
    {
        if (without is Repair.LiveRead or Repair.NewList)
            _told[(type.Kind, NamespacedName.Of(resource))] = resource;
        return resource;
    }

    /// <summary>A lost status looks like that of a resource whose key was never made.</summary>
    private T? Seen<T>(T? resource)
        where T : class, IResource =>
        without == Repair.LostStatus && resource is ServiceKey { Status.KeyId: null } key && Finalizers.Has(key, ApiGroup.Finalizer)
            ? (T)(IResource)(key with { Metadata = key.Metadata with { Finalizers = [], Annotations = new Dictionary<string, string>() } })
            : resource;
}
