using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.IntegrationTests.Simulator;
using KmsOperator.Keys.Status;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.IntegrationTests.Faults;

// What people do on a stage, past the operator and its faults.
internal sealed partial class Stage
{
    /// <summary>The class of the stage.</summary>
    public string ClassName => _className;

    /// <summary>Makes a ServiceKey.</summary>
    public Task CreateAsync(string name, ServiceKeySpec spec) => _api.CreateAsync(
        ResourceTypes.ServiceKeys,
        new ServiceKey { Metadata = new ObjectMeta { Namespace = Namespace, Name = name }, Spec = spec with { ClassName = _className } },
        CancellationToken.None);

    /// <summary>Makes a KeyReplica.</summary>
    public Task CreateAsync(string name, KeyReplicaSpec spec) => _api.CreateAsync(
        ResourceTypes.KeyReplicas,
        new KeyReplica { Metadata = new ObjectMeta { Namespace = Namespace, Name = name }, Spec = spec },
        CancellationToken.None);

    /// <summary>Changes a ServiceKey.</summary>
    public Task PatchAsync(string name, string patch) => PatchAsync(ResourceTypes.ServiceKeys, Key(name), patch);

    /// <summary>Changes a KeyReplica.</summary>
    public Task PatchReplicaAsync(string name, string patch) => PatchAsync(ResourceTypes.KeyReplicas, Key(name), patch);

    /// <summary>Changes the stage's class, for all later runs as well.</summary>
    public Task PatchClassAsync(string patch) => PatchAsync(ResourceTypes.KeyClasses, new NamespacedName("", _className), patch);

    /// <summary>Changes the run's namespace.</summary>
    public Task PatchNamespaceAsync(string patch) => PatchAsync(BuiltInTypes.Namespaces, new NamespacedName("", Namespace), patch);

    /// <summary>Puts an annotation on a ServiceKey.</summary>
    public Task AnnotateAsync(string name, string annotation, string value) =>
        PatchAsync(name, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } } }.ToJsonString());

    /// <summary>Asks to compare a ServiceKey's key with KMS.</summary>
    public Task LookAsync(string name, string value = "now") => AnnotateAsync(name, AnnotationNames.ReconcileAt, value);

    /// <summary>Deletes a ServiceKey.</summary>
    public Task DeleteAsync(string name) => _api.DeleteAsync(ResourceTypes.ServiceKeys, Key(name), null, null, CancellationToken.None);

    /// <summary>Deletes a KeyReplica.</summary>
    public Task DeleteReplicaAsync(string name) => _api.DeleteAsync(ResourceTypes.KeyReplicas, Key(name), null, null, CancellationToken.None);

    /// <summary>A ServiceKey as it is; null when there is none.</summary>
    public Task<ServiceKey?> GetAsync(string name) => _api.GetAsync(ResourceTypes.ServiceKeys, Key(name), CancellationToken.None);

    /// <summary>A KMS client past the operator and its faults.</summary>
    public AmazonKeyManagementServiceClient Kms(string region = "us-east-1") => _simulator.Kms(region);

    /// <summary>Calls KMS until it sees what was made before.</summary>
    public Task VisibleAsync(Func<Task> call) => Eventually.TrueAsync(
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
        () => $"{Namespace}: KMS does not show what was made.");

    /// <summary>All keys that the simulator holds.</summary>
    public async Task<JsonObject[]> KeysAsync() => [.. (await _admin.GetFromJsonAsync<JsonArray>("/_sim/keys"))!.OfType<JsonObject>()];

    /// <summary>Waits until a ServiceKey's key was compared with KMS and nothing was found; what was written is older than the consistency window then.</summary>
    public Task VerifiedAsync(string name) => Eventually.TrueAsync(
        async () => (await GetAsync(name))?.Status is { } status && status.LastVerifiedAt > (status.LastChangedAt ?? DateTimeOffset.MinValue), () => $"{Namespace}/{name} is not verified.");

    /// <summary>Waits until a ServiceKey is no more.</summary>
    public Task GoneAsync(string name) => Eventually.TrueAsync(async () => await GetAsync(name) is null, () => $"{Namespace}/{name} does not go.");

    /// <summary>Waits until every resource of the run is Ready for its generation and nothing else, or gone. An old server removes in a second write.</summary>
    public Task SettledAsync() => UntilAsync(
        resources => resources.All(IsSettled) && resources.OfType<ServiceKey>().All(key => HasItsRows(key, resources)), "does not settle");

    /// <summary>Waits until the operator has looked at every resource as it is now, and has nothing more to do for it by itself.</summary>
    public Task SeenAsync() => UntilAsync(
        resources => resources.All(resource =>
            resource.Status?.ObservedGeneration == resource.Metadata.Generation
            && (resource.Status!.Plan is not null || ResourceConditions.Find(resource.Status.Conditions, ConditionTypes.Reconciling)?.Reason is null or Reasons.PrimaryNotReady)),
        "is not seen");

    private async Task UntilAsync(Func<List<IKeyResource>, bool> holds, string otherwise)
    {
        List<IKeyResource> last = [];
        await Eventually.TrueAsync(
            async () => holds(last = await ResourcesAsync()),
            () => $"{Namespace} {otherwise}: {string.Join('\n', last.Select(resource => $"{resource.Kind}/{resource.Metadata.Name} {JsonSerializer.Serialize(resource.Metadata)} {JsonSerializer.Serialize(resource.Status)}"))}",
            interval: Interval * 2);
    }

    private static bool IsSettled(IKeyResource resource) =>
        resource.Metadata.DeletionTimestamp is null
        && resource.Status is { RotationAttempt: null, Creation: null, PendingAliasName: null, Conditions: { Count: 1 } }
        && resource.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.RotateAt) == resource.Status?.LastHandledRotateAt
        && resource.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.ReconcileAt) == resource.Status?.LastHandledReconcileAt
        && ResourceConditions.IsReady(resource.Status?.Conditions, resource.Metadata.Generation);

    /// <summary>Whether a ServiceKey's status shows the replicas that there are.</summary>
    private static bool HasItsRows(ServiceKey key, IEnumerable<IKeyResource> resources) =>
        resources.OfType<KeyReplica>().Where(replica => replica.Spec.PrimaryRef?.Name == key.Metadata.Name)
            .Select(replica => (replica.Spec.Region, replica.Status?.Arn, replica.Status?.KeyState)).Order()
            .SequenceEqual((key.Status?.Replicas ?? []).Select(row => (row.Region, row.Arn, row.KeyState)).Order());

    private NamespacedName Key(string name) => new(Namespace, name);

    private async Task PatchAsync<T>(ResourceType<T> type, NamespacedName key, string patch)
        where T : class, IResource => await _api.MergePatchAsync(type, key, (JsonObject)JsonNode.Parse(patch)!, null, CancellationToken.None);

    private async Task<List<IKeyResource>> ResourcesAsync() =>
    [
        .. (await _api.ListPageAsync(ResourceTypes.ServiceKeys, Namespace, 500, null, CancellationToken.None)).Items,
        .. (await _api.ListPageAsync(ResourceTypes.KeyReplicas, Namespace, 500, null, CancellationToken.None)).Items,
    ];
}
