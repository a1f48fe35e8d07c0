using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Manifests;
using KmsOperator.Planning;
using KmsOperator.Schemas;

namespace KmsOperator.Plans.Cluster;

/// <summary>Puts manifests into a plan, over what the cluster has of the same names, as <c>kubectl apply</c> would.</summary>
/// <param name="plan">The plan's cluster.</param>
/// <param name="defaultNamespace">Where manifests go that name no namespace.</param>
/// <param name="hasCluster">Whether there is a cluster. Without one, the uid and the status that an exported manifest carries are all that is known.</param>
/// <param name="time">The clock.</param>
/// <param name="live">Metadata of the cluster's objects that have the names of manifests, as <see cref="OwnershipReading"/> reads it; empty without a cluster.</param>
internal sealed class ManifestOverlay(
    PlanCluster plan, string defaultNamespace, bool hasCluster, TimeProvider time, IReadOnlyDictionary<(string Kind, NamespacedName Key), JsonObject> live)
{
    private readonly Dictionary<(string Kind, NamespacedName Key), string> _refused = [];

    /// <summary>The resources whose change the API server refuses, with what it says. They are as the cluster has them, since the change does not get there.</summary>
    public IReadOnlyDictionary<(string Kind, NamespacedName Key), string> Refused => _refused;

    /// <summary>Puts all resources of a set there.</summary>
    /// <param name="manifests">The manifests. No resource stands there twice.</param>
    /// <returns>The resources, and where each stands.</returns>
    public IReadOnlyDictionary<(string Kind, NamespacedName Key), ManifestResource> Put(ManifestSet manifests)
    {
        foreach (var (name, labels) in manifests.Namespaces.Where(one => !plan.Caches.Namespaces.TryGet(new NamespacedName("", one.Key), out _)))
        {
            var metadata = new JsonObject { ["name"] = name, ["labels"] = new JsonObject(labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))) };
            plan.Put(BuiltInTypes.Namespaces, new JsonObject { ["metadata"] = metadata });
        }

        var places = new Dictionary<(string, NamespacedName), ManifestResource>();
        foreach (var manifest in manifests.Resources)
        {
            var key = manifest.Resource switch
            {
                KeyClass keyClass => Put(ResourceTypes.KeyClasses, plan.Caches.KeyClasses, keyClass),
                ServiceKey serviceKey => Put(ResourceTypes.ServiceKeys, plan.Caches.ServiceKeys, serviceKey),
                var replica => Put(ResourceTypes.KeyReplicas, plan.Caches.KeyReplicas, (KeyReplica)replica),
            };
            places[(manifest.Resource.Kind, key)] = manifest;
        }

        return places;
    }

    /// <summary>
    /// Without a cluster, nobody knows the labels of a namespace that is not among the manifests. So KeyClasses that select by them admit every namespace.
    /// </summary>
    /// <returns>A note for each such class.</returns>
    public IReadOnlyList<string> AdmitUnknownNamespaces()
    {
        var unknown = plan.Caches.ServiceKeys.List().Concat<IResource>(plan.Caches.KeyReplicas.List())
            .Select(resource => resource.Metadata.Namespace ?? "")
            .Where(name => !plan.Caches.Namespaces.TryGet(new NamespacedName("", name), out _))
            .Distinct().Order(StringComparer.Ordinal).ToArray();
        var notes = new List<string>();
        foreach (var keyClass in unknown.Length == 0 ? [] : plan.Caches.KeyClasses.List().Where(one => one.Spec.AllowedNamespaces?.From == "Selector"))
        {
            var json = PlanCluster.ToJson(ResourceTypes.KeyClasses, keyClass);
            ((JsonObject)json["spec"]!).Remove("allowedNamespaces");
            plan.Put(ResourceTypes.KeyClasses, json);
            notes.Add($"KeyClass {keyClass.Metadata.Name} selects namespaces by their labels, which only a cluster has ({string.Join(", ", unknown)}): all are taken for admitted.");
        }

        foreach (var keyClass in unknown.Length == 0 ? [] : plan.Caches.KeyClasses.List().Where(one => one.Spec.Allowed?.Validations?.Any(ClassValidations.ReadsNamespace) == true))
        {
            var json = PlanCluster.ToJson(ResourceTypes.KeyClasses, keyClass);
            foreach (var (index, _) in keyClass.Spec.Allowed!.Validations!.Index().Where(one => ClassValidations.ReadsNamespace(one.Item)))
            {
                json["spec"]!["allowed"]!["validations"]![index]!["expression"] = "true";
            }

            plan.Put(ResourceTypes.KeyClasses, json);
            notes.Add($"KeyClass {keyClass.Metadata.Name} has rules about the labels of namespaces, which only a cluster has ({string.Join(", ", unknown)}): they are taken for fulfilled.");
        }

        return notes;
    }

    /// <summary>Notes about namespaces that neither the cluster nor the manifests have. Some GitOps tools make them.</summary>
    /// <param name="resources">The resources of the manifests.</param>
    public IReadOnlyList<string> FindMissingNamespaces(IEnumerable<(string Kind, NamespacedName Key)> resources) =>
    [
        .. resources.Where(one => one.Key.Namespace.Length > 0 && !plan.Caches.Namespaces.TryGet(new NamespacedName("", one.Key.Namespace), out _))
            .GroupBy(one => one.Key.Namespace).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => $"There is no namespace {group.Key} in the cluster or among the manifests, for {string.Join(", ", group.Take(3).Select(one => $"{one.Kind} {one.Key.Name}"))}"
                + $"{(group.Count() > 3 ? $" and {group.Count() - 3} more" : "")}: the API server refuses them until there is one."),
    ];

    private NamespacedName Put<T>(ResourceType<T> type, IResourceStore<T> store, T manifest)
        where T : class, IResource
    {
        var key = new NamespacedName(type.Namespaced ? manifest.Metadata.Namespace ?? defaultNamespace : "", manifest.Metadata.Name);
        var json = PlanCluster.ToJson(type, manifest);
        if (!store.TryGet(key, out var current))
        {
            plan.Put(type, New(Completed(type, json), key));
            return key;
        }

        // What the manifest does not have is not gone for that: it may be another field manager's.
        if (json["spec"] is JsonObject spec && live.GetValueOrDefault((type.Kind, key)) is { } metadata && FieldOwnership.Of(metadata, spec) is { } ownership)
        {
            json["spec"] = AppliedSpec.Merge((JsonObject)PlanCluster.ToJson(type, current)["spec"]!, spec, ownership);
        }

        json = Completed(type, json);
        var before = PlanCluster.ToJson(type, current);
        var changed = Over(PlanCluster.ToJson(type, current), json);
        if (!JsonNode.DeepEquals(before["spec"], changed["spec"]) && ChangeCheck.Find(type.Kind, before, changed) is { Count: > 0 } broken)
        {
            _refused[(type.Kind, key)] = $"the API server refuses the change: {string.Join("; ", broken.Select(error => error.Field.Length == 0 ? error.Message : error.ToString()))}";
        }
        else
        {
            plan.Put(type, changed);
        }

        return key;
    }

    /// <summary>With the defaults that the API server fills in: without them, a manifest would seem to differ from the resource that was made from it.</summary>
    private static JsonObject Completed<T>(ResourceType<T> type, JsonObject json)
        where T : class, IResource
    {
        CrdSchemas.Of(type.Kind).Field("spec")!.FillDefaults(json["spec"]);

        // By way of the type, so that both sides have the fields that this version knows.
        return PlanCluster.ToJson(type, json.Deserialize(type.Item)!);
    }

    private static JsonObject Over(JsonObject current, JsonObject manifest)
    {
        var metadata = (JsonObject)current["metadata"]!;
        foreach (var field in (string[])["labels", "annotations"])
        {
            foreach (var (name, value) in manifest["metadata"]?[field] as JsonObject ?? [])
            {
                if (metadata[field] is not JsonObject entries)
                {
                    metadata[field] = entries = [];
                }

                entries[name] = value?.DeepClone();
            }
        }

        if (!JsonNode.DeepEquals(current["spec"], manifest["spec"]))
        {
            current["spec"] = manifest["spec"]?.DeepClone();
            metadata["generation"] = ((long?)metadata["generation"] ?? 0) + 1;
        }

        return current;
    }

    private JsonObject New(JsonObject manifest, NamespacedName key)
    {
        var metadata = (JsonObject)manifest["metadata"]!;
        if (key.Namespace.Length > 0)
        {
            metadata["namespace"] = key.Namespace;
        }

        // Of an export of another cluster, the API server takes neither uid nor status. A class is verified with the credentials that there are.
        if (hasCluster)
        {
            metadata.Remove("uid");
        }

        if (hasCluster || (string?)manifest["kind"] == KeyClass.KindName)
        {
            manifest.Remove("status");
        }

        // What was exported while it was being deleted is made, not deleted.
        metadata.Remove("deletionTimestamp");
        metadata.Remove("finalizers");
        metadata["uid"] ??= plan.NewUid();
        metadata["generation"] ??= 1;
        metadata["creationTimestamp"] ??= time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return manifest;
    }
}
