using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Keys.Status;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.Flows;

/// <summary>Lets operators work until a condition holds; fails with a text when it does not come to hold.</summary>
internal delegate Task WaitUntil(Func<Task<bool>> holds, Func<string> otherwise);

/// <summary>What people do in a flow, past the operator and its faults.</summary>
/// <param name="api">The API server.</param>
/// <param name="namespace">The run's namespace.</param>
/// <param name="className">The run's KeyClass.</param>
/// <param name="kms">KMS of a Region.</param>
/// <param name="keys">All keys that the simulator holds.</param>
/// <param name="until">How to wait.</param>
internal sealed class FlowUser(
    IKubernetesApi api, string @namespace, string className, Func<string, IAmazonKeyManagementService> kms, Func<Task<IReadOnlyList<JsonObject>>> keys, WaitUntil until)
{
    /// <summary>The run's KeyClass.</summary>
    public string ClassName => className;

    /// <summary>The run's namespace.</summary>
    public string Namespace => @namespace;

    /// <summary>Waits until a condition holds.</summary>
    public Task UntilAsync(Func<Task<bool>> holds, Func<string> otherwise) => until(holds, otherwise);

    /// <summary>Makes a ServiceKey.</summary>
    public Task CreateAsync(string name, ServiceKeySpec spec) => api.CreateAsync(
        ResourceTypes.ServiceKeys,
        new ServiceKey { Metadata = new ObjectMeta { Namespace = @namespace, Name = name }, Spec = spec with { ClassName = className } },
        CancellationToken.None);

    /// <summary>Makes a KeyReplica.</summary>
    public Task CreateAsync(string name, KeyReplicaSpec spec) => api.CreateAsync(
        ResourceTypes.KeyReplicas,
        new KeyReplica { Metadata = new ObjectMeta { Namespace = @namespace, Name = name }, Spec = spec },
        CancellationToken.None);

    /// <summary>Makes a Secret with key material of 32 bytes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="material">Every byte of it.</param>
    public Task CreateSecretAsync(string name, byte material) => api.CreateAsync(
        BuiltInTypes.Secrets,
        new Secret
        {
            Metadata = new ObjectMeta { Namespace = @namespace, Name = name },
            Data = new Dictionary<string, byte[]> { ["material"] = [.. Enumerable.Repeat(material, 32)] },
        },
        CancellationToken.None);

    /// <summary>Changes a ServiceKey.</summary>
    public Task PatchAsync(string name, string patch) => PatchAsync(ResourceTypes.ServiceKeys, Key(name), patch);

    /// <summary>Changes a KeyReplica.</summary>
    public Task PatchReplicaAsync(string name, string patch) => PatchAsync(ResourceTypes.KeyReplicas, Key(name), patch);

    /// <summary>Changes the stage's class, for all later runs as well.</summary>
    public Task PatchClassAsync(string patch) => PatchAsync(ResourceTypes.KeyClasses, new NamespacedName("", className), patch);

    /// <summary>Changes the run's namespace.</summary>
    public Task PatchNamespaceAsync(string patch) => PatchAsync(BuiltInTypes.Namespaces, new NamespacedName("", @namespace), patch);

    /// <summary>Puts an annotation on a ServiceKey.</summary>
    public Task AnnotateAsync(string name, string annotation, string value) =>
        PatchAsync(name, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } } }.ToJsonString());

    /// <summary>Asks to compare a ServiceKey's key with KMS.</summary>
    public Task LookAsync(string name, string value = "now") => AnnotateAsync(name, AnnotationNames.ReconcileAt, value);

    /// <summary>Deletes a ServiceKey.</summary>
    public Task DeleteAsync(string name) => api.DeleteAsync(ResourceTypes.ServiceKeys, Key(name), null, null, CancellationToken.None);

    /// <summary>Deletes a KeyReplica.</summary>
    public Task DeleteReplicaAsync(string name) => api.DeleteAsync(ResourceTypes.KeyReplicas, Key(name), null, null, CancellationToken.None);

    /// <summary>A ServiceKey as it is; null when there is none.</summary>
    public Task<ServiceKey?> GetAsync(string name) => api.GetAsync(ResourceTypes.ServiceKeys, Key(name), CancellationToken.None);

    /// <summary>A KMS client past the operator and its faults. It need not be disposed of.</summary>
    public IAmazonKeyManagementService Kms(string region = "us-east-1") => kms(region);

    /// <summary>Calls KMS until it sees what was made before.</summary>
    public Task VisibleAsync(Func<Task> call) => UntilAsync(
        async () =>
        {
            try
            {
                await call();
                return true;
            }
            catch (NotFoundException)
            {
                return false;
            }
        },
        () => $"{@namespace}: KMS does not show what was made.");

    /// <summary>All keys that the simulator holds.</summary>
    public Task<IReadOnlyList<JsonObject>> KeysAsync() => keys();

    /// <summary>Waits until a ServiceKey's key was compared with KMS and nothing was found; what was written is older than the consistency window then.</summary>
    public Task VerifiedAsync(string name) => UntilAsync(
        async () => (await GetAsync(name))?.Status is { } status && status.LastVerifiedAt > (status.LastChangedAt ?? DateTimeOffset.MinValue), () => $"{@namespace}/{name} is not verified.");

    /// <summary>
    /// Waits until everything has settled, and was compared with KMS once more after the consistency window. The status shows then what only a
    /// comparison finds.
    /// </summary>
    public async Task ComparedAsync(TimeSpan consistencyWindow)
    {
        await SettledAsync();
        await UntilAllAsync(
            resources => resources.All(resource =>
                IsSettled(resource) && resource.Status is { LastVerifiedAt: { } verified } status && !(verified - status.LastChangedAt < consistencyWindow)),
            "is not compared after its last change");
    }

    /// <summary>Waits until a ServiceKey is no more.</summary>
    public Task GoneAsync(string name) => UntilAsync(async () => await GetAsync(name) is null, () => $"{@namespace}/{name} does not go.");

    /// <summary>Waits until every resource of the run is Ready for its generation and nothing else, or gone. An old server removes in a second write.</summary>
    public Task SettledAsync() => UntilAllAsync(
        resources => resources.All(IsSettled) && resources.OfType<ServiceKey>().All(key => HasItsRows(key, resources)), "does not settle");

    /// <summary>Waits until the operator has looked at every resource as it is now, and has nothing more to do for it by itself.</summary>
    public Task SeenAsync() => UntilAllAsync(
        resources => resources.All(resource =>
            resource.Status?.ObservedGeneration == resource.Metadata.Generation
            && (resource.Status!.Plan is not null || ResourceConditions.Find(resource.Status.Conditions, ConditionTypes.Reconciling)?.Reason is null or Reasons.PrimaryNotReady)),
        "is not seen");

    private async Task UntilAllAsync(Func<IReadOnlyList<IKeyResource>, bool> holds, string otherwise)
    {
        IReadOnlyList<IKeyResource> last = [];
        await UntilAsync(
            async () => holds(last = await ResourcesAsync()),
            () => $"{@namespace} {otherwise}: {string.Join('\n', last.Select(resource => $"{resource.Kind}/{resource.Metadata.Name} {JsonSerializer.Serialize(resource.Metadata)} {JsonSerializer.Serialize(resource.Status)}"))}");
    }

    private static bool IsSettled(IKeyResource resource) =>
        resource.Metadata.DeletionTimestamp is null
        && resource.Status is { RotationAttempt: null, PendingAliasName: null, Conditions: { Count: 1 } }
        && resource.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.RotateAt) == resource.Status?.LastHandledRotateAt
        && resource.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.ReconcileAt) == resource.Status?.LastHandledReconcileAt
        && ResourceConditions.IsReady(resource.Status?.Conditions, resource.Metadata.Generation);

    /// <summary>Whether a ServiceKey's status shows the replicas that there are.</summary>
    private static bool HasItsRows(ServiceKey key, IEnumerable<IKeyResource> resources) =>
        resources.OfType<KeyReplica>().Where(replica => replica.Spec.PrimaryRef?.Name == key.Metadata.Name)
            .Select(replica => (replica.Spec.Region, replica.Status?.Arn, replica.Status?.KeyState)).Order()
            .SequenceEqual((key.Status?.Replicas ?? []).Select(row => (row.Region, row.Arn, row.KeyState)).Order());

    private NamespacedName Key(string name) => new(@namespace, name);

    private async Task PatchAsync<T>(ResourceType<T> type, NamespacedName key, string patch)
        where T : class, IResource => await api.MergePatchAsync(type, key, (JsonObject)JsonNode.Parse(patch)!, null, CancellationToken.None);

    /// <summary>The ServiceKeys and KeyReplicas of the run.</summary>
    public async Task<IReadOnlyList<IKeyResource>> ResourcesAsync() =>
    [
        .. (await api.ListPageAsync(ResourceTypes.ServiceKeys, @namespace, 500, null, CancellationToken.None)).Items,
        .. (await api.ListPageAsync(ResourceTypes.KeyReplicas, @namespace, 500, null, CancellationToken.None)).Items,
    ];
}
