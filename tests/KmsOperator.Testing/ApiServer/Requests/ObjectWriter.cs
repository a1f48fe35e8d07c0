using System.Globalization;
using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>Carries out the requests that change objects.</summary>
/// <remarks>Order and rules follow apiserver, pkg/registry/rest and pkg/registry/generic/registry/store.go.</remarks>
internal sealed class ObjectWriter(ObjectStore store, ServedKinds kinds, TimeProvider time)
{
    private const int LargestRequest = 3 * 1024 * 1024;

    // etcd's --max-request-bytes.
    private const int LargestObject = 1536 * 1024;

    private long _uids;

    public StoredObject Create(ServedKind kind, string? @namespace, JsonObject body, string manager)
    {
        CheckSize(body);
        var created = body.DeepClone().AsObject();
        CheckIdentity(kind, created, @namespace);
        var metadata = created["metadata"]!.AsObject();
        if (metadata["resourceVersion"] is { } version && (string?)version != "")
            throw ApiErrors.Unexpected("resourceVersion should not be set on objects to be created");
        metadata.Remove("managedFields");
        CheckNamespace(kind, @namespace, (string?)metadata["name"] ?? "");
        Complete(kind, created);
        Manager(kind, manager, null).Update(null, created);
        return Insert(kind, created);
    }

    public StoredObject Patch(ServedKind kind, NamespacedName key, JsonObject patch, string? subresource, string manager)
    {
        CheckSize(patch);
        var live = Live(kind, key, subresource);
        var updated = live.Copy();
        MergePatch.Apply(updated, patch);
        return Update(kind, live, updated, subresource, manager);
    }

    public StoredObject Replace(ServedKind kind, NamespacedName key, JsonObject body, string? subresource, string manager)
    {
        CheckSize(body);
        var live = Live(kind, key, subresource);
        var updated = body.DeepClone().AsObject();
        CheckIdentity(kind, updated, key.Namespace);
        return Update(kind, live, updated, subresource, manager);
    }

    public StoredObject Apply(ServedKind kind, NamespacedName key, JsonObject body, string manager, string? subresource, bool force)
    {
        CheckSize(body);
        var applied = body.DeepClone().AsObject();
        CheckIdentity(kind, applied, key.Namespace);
        if (applied["metadata"]!["managedFields"] is not null)
            throw ApiErrors.BadRequest("metadata.managedFields must be nil");
        CheckDeclared(kind, applied);
        var live = store.Content.Find(kind, key);
        if (live is null)
        {
            if (subresource is not null)
                throw ApiErrors.NotFound(kind.Resource, key.Name);
            CheckNamespace(kind, key.Namespace, key.Name);
            var created = Manager(kind, manager, null).Apply(Identity(applied), applied, force);
            created["metadata"]!.AsObject().Remove("resourceVersion");
            Complete(kind, created);
            return Insert(kind, created);
        }
        _ = Live(kind, key, subresource);
        var updated = Manager(kind, manager, subresource).Apply(live.Json, applied, force);
        Complete(kind, updated);
        return Store(kind, live, updated, subresource);
    }

    /// <summary>Deletes an object, or marks it as deleted while it has finalizers.</summary>
    public StoredObject Delete(ServedKind kind, NamespacedName key, string? uid, string? resourceVersion)
    {
        var live = store.Content.Find(kind, key) ?? throw ApiErrors.NotFound(kind.Resource, key.Name);
        if (uid is not null && uid != live.Uid)
            throw ApiErrors.Conflict(kind, key.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.Uid}");
        var version = live.Revision.ToString(CultureInfo.InvariantCulture);
        if (resourceVersion is not null && resourceVersion != version)
            throw ApiErrors.Conflict(kind, key.Name, $"Precondition failed: ResourceVersion in precondition: {resourceVersion}, ResourceVersion in object meta: {version}");
        var isNamespace = kind.Kind == "Namespace";
        if (isNamespace && key.Name is "default" or "kube-system" or "kube-public")
            throw ApiErrors.Forbidden(kind, key.Name, "this namespace may not be deleted");
        if (!live.HasFinalizers && !isNamespace)
            return store.Write(kind, key, null);
        if (live.IsDeleting)
            return live;
        var marked = live.Copy();
        var metadata = marked["metadata"]!.AsObject();
        metadata["deletionTimestamp"] = Now;
        if (isNamespace)
        {
            marked["status"] = new JsonObject { ["phase"] = "Terminating" };
        }
        else
        {
            metadata["deletionGracePeriodSeconds"] = 0;
            if (Generation(marked) is > 0 and var generation)
                metadata["generation"] = generation + 1;
        }
        return store.Write(kind, key, marked);
    }

    private string Now => time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private FieldManager Manager(ServedKind kind, string manager, string? subresource) => new(kind, manager, subresource, Now);

    private StoredObject Update(ServedKind kind, StoredObject live, JsonObject updated, string? subresource, string manager)
    {
        Complete(kind, updated);
        Manager(kind, manager, subresource).Update(live.Json, updated);
        return Store(kind, live, updated, subresource);
    }

    private StoredObject Live(ServedKind kind, NamespacedName key, string? subresource)
    {
        if (subresource is not null && !(subresource == "status" && kind.HasStatus))
            throw ApiErrors.NotServed();
        return store.Content.Find(kind, key) ?? throw ApiErrors.NotFound(kind.Resource, key.Name);
    }

    private StoredObject Insert(ServedKind kind, JsonObject created)
    {
        var metadata = created["metadata"]!.AsObject();
        if (kind.HasStatus && kind.IsCustom)
            created.Remove("status");
        if (kind.IsCustom)
            metadata["generation"] = 1;
        else
            metadata.Remove("generation");
        foreach (var name in (string[])["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"])
            metadata.Remove(name);
        metadata["uid"] = NextUid();
        metadata["creationTimestamp"] = Now;
        var key = new NamespacedName((string?)metadata["namespace"] ?? "", (string?)metadata["name"] ?? "");
        if (kind.Kind == "Namespace")
            CompleteNamespace(created, key.Name);
        CheckValid(kind, created, null);
        if (store.Content.Find(kind, key) is not null)
            throw ApiErrors.AlreadyExists(kind, key.Name);
        Pruning.SetDefaults(created, kind.ObjectSchema);
        var stored = Write(kind, key, created);
        stored.HasUnstoredDefaults = kind.IsCustom && kind.ObjectSchema.Field("status")?.Default is not null;
        return stored;
    }

    private StoredObject Store(ServedKind kind, StoredObject live, JsonObject updated, string? subresource)
    {
        var metadata = updated["metadata"]!.AsObject();
        var version = (string?)metadata["resourceVersion"];
        if (!string.IsNullOrEmpty(version) && version != live.Revision.ToString(CultureInfo.InvariantCulture))
            throw ApiErrors.Modified(kind, live.Key.Name);
        if (subresource is not null)
            updated = WithStatusOf(live, updated);
        else
            KeepSystemFields(kind, live, updated);
        updated["metadata"]!["resourceVersion"] = live.Json["metadata"]!["resourceVersion"]!.DeepClone();
        CheckValid(kind, updated, live.Json);
        if (live.IsDeleting && live.HasFinalizers && updated["metadata"]!["finalizers"] is not JsonArray { Count: > 0 })
        {
            store.Write(kind, live.Key, null);
            return new StoredObject(updated, live.Revision);
        }
        return !live.HasUnstoredDefaults && JsonNode.DeepEquals(live.Json, updated) ? live : Write(kind, live.Key, updated);
    }

    private StoredObject Write(ServedKind kind, NamespacedName key, JsonObject json)
    {
        if (JsonSize.Exceeds(json, LargestObject))
            throw ApiErrors.Unexpected("etcdserver: request is too large");
        return store.Write(kind, key, json);
    }

    /// <summary>A write of the status changes nothing else but the record of who owns it.</summary>
    private static JsonObject WithStatusOf(StoredObject live, JsonObject updated)
    {
        var result = live.Copy();
        result.Remove("status");
        if (updated["status"] is { } status)
            result["status"] = status.DeepClone();
        var metadata = result["metadata"]!.AsObject();
        metadata.Remove("managedFields");
        if (updated["metadata"]!["managedFields"] is { } managedFields)
            metadata["managedFields"] = managedFields.DeepClone();
        return result;
    }

    /// <summary>What a writer of the object cannot change, and the generation, which counts changes of what users want.</summary>
    private static void KeepSystemFields(ServedKind kind, StoredObject live, JsonObject updated)
    {
        var before = live.Json["metadata"]!.AsObject();
        var metadata = updated["metadata"]!.AsObject();
        if (metadata["uid"] is null)
            metadata["uid"] = before["uid"]!.DeepClone();
        foreach (var name in (string[])["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"])
        {
            metadata.Remove(name);
            if (before[name] is { } value)
                metadata[name] = value.DeepClone();
        }
        if (kind.HasStatus)
        {
            updated.Remove("status");
            if (live.Json["status"] is { } status)
                updated["status"] = status.DeepClone();
        }
        if (kind.IsCustom && !JsonNode.DeepEquals(Wanted(live.Json), Wanted(updated)))
            metadata["generation"] = Generation(live.Json) + 1;
    }

    /// <summary>The parts whose changes the generation counts.</summary>
    private static JsonObject Wanted(JsonObject json)
    {
        var copy = json.DeepClone().AsObject();
        copy.Remove("metadata");
        return copy;
    }

    private static long Generation(JsonObject json) => json["metadata"]!["generation"] is { } node && JsonNumber.IsInteger(node, out var number) ? number : 0;

    /// <summary>Removes unknown fields and sets defaults, as the server does when it reads a body.</summary>
    private static void Complete(ServedKind kind, JsonObject json)
    {
        Pruning.Prune(json, kind.ObjectSchema);
        Pruning.SetDefaults(json, kind.ObjectSchema);
        var metadata = json["metadata"]!.AsObject();
        foreach (var name in metadata.Where(field => field.Value is null or JsonObject { Count: 0 } or JsonArray { Count: 0 }).Select(field => field.Key).ToList())
            metadata.Remove(name);
    }

    private static void CheckValid(ServedKind kind, JsonObject now, JsonObject? before)
    {
        List<FieldCause> causes = [];
        if (before is not null)
            causes.AddRange(MetadataValidation.CheckUpdate(before["metadata"]!.AsObject(), now["metadata"]!.AsObject()));
        causes.AddRange(MetadataValidation.Check(kind, now["metadata"]!.AsObject()));
        causes.AddRange(SchemaValidation.Check(kind.ObjectSchema, now, before));
        if (causes.Count > 0)
            throw ApiErrors.Invalid(kind, (string?)now["metadata"]!["name"] ?? "", causes);
    }

    private static void CheckSize(JsonObject body)
    {
        if (JsonSize.Exceeds(body, LargestRequest))
            throw ApiErrors.TooLarge();
    }

    /// <summary>Holds a body against the path that it was sent to, and adds the namespace that only the path has.</summary>
    private static void CheckIdentity(ServedKind kind, JsonObject body, string? @namespace)
    {
        if ((string?)body["apiVersion"] != kind.ApiVersion || (string?)body["kind"] != kind.Kind)
            throw ApiErrors.BadRequest($"the API version in the data ({body["apiVersion"]}) does not match the expected API version ({kind.ApiVersion})");
        if (body["metadata"] is not JsonObject metadata)
            body["metadata"] = metadata = [];
        if (!kind.IsNamespaced)
        {
            metadata.Remove("namespace");
            return;
        }
        if (string.IsNullOrEmpty(@namespace))
            throw ApiErrors.MethodNotAllowed();
        if (string.IsNullOrEmpty((string?)metadata["namespace"]))
            metadata["namespace"] = @namespace;
        else if ((string?)metadata["namespace"] != @namespace)
            throw ApiErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
    }

    private void CheckNamespace(ServedKind kind, string? @namespace, string name)
    {
        if (!kind.IsNamespaced)
            return;
        var home = store.Content.Find(kinds.FindKind("v1", "Namespace")!, new("", @namespace!)) ?? throw ApiErrors.NotFound("namespaces", @namespace!);
        if (home.IsDeleting)
            throw ApiErrors.Forbidden(kind, name, $"unable to create new content in namespace {@namespace} because it is being terminated");
    }

    /// <summary>An apply, unlike other writes, is refused where it names a field that the schema does not have.</summary>
    private static void CheckDeclared(ServedKind kind, JsonObject applied)
    {
        if (Undeclared("", applied, kind.ObjectSchema) is { } path)
        {
            throw ApiErrors.Unexpected(
                $"failed to create typed patch object ({applied["metadata"]!["namespace"]}/{applied["metadata"]!["name"]}; {kind.ApiVersion}, Kind={kind.Kind}): {path}: field not declared in schema");
        }
    }

    private static string? Undeclared(string path, JsonNode? node, StructuralSchema schema) => node switch
    {
        JsonObject map => map.Select(entry => schema.Field(entry.Key) is { } field ? Undeclared($"{path}.{entry.Key}", entry.Value, field) : $"{path}.{entry.Key}")
            .FirstOrDefault(found => found is not null),
        JsonArray list => list.Select(item => Undeclared($"{path}[{(schema.Merge == MergeRelationship.Granular ? FieldPath.OfItem(item, schema)?[2..] : "")}]", item, schema.Item))
            .FirstOrDefault(found => found is not null),
        _ => null,
    };

    private static JsonObject Identity(JsonObject applied)
    {
        var metadata = new JsonObject { ["name"] = applied["metadata"]!["name"]?.DeepClone() };
        if (applied["metadata"]!["namespace"] is { } home)
            metadata["namespace"] = home.DeepClone();
        return new() { ["apiVersion"] = applied["apiVersion"]!.DeepClone(), ["kind"] = applied["kind"]!.DeepClone(), ["metadata"] = metadata };
    }

    private static void CompleteNamespace(JsonObject created, string name)
    {
        if (created["metadata"]!["labels"] is not JsonObject labels)
            created["metadata"]!["labels"] = labels = [];
        labels["kubernetes.io/metadata.name"] = name;
        created["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") };
        created["status"] = new JsonObject { ["phase"] = "Active" };
    }

    /// <summary>The same in every run, and never given twice.</summary>
    private string NextUid() => string.Create(CultureInfo.InvariantCulture, $"00000000-0000-4000-8000-{++_uids:x12}");
}
