using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>Keeps <c>metadata.managedFields</c>, and does server-side apply.</summary>
/// <param name="kind">The kind of the objects.</param>
/// <param name="manager">Who writes.</param>
/// <param name="subresource">What is written; null for the object.</param>
/// <param name="time">Now, as Kubernetes writes times.</param>
/// <remarks>Source: apimachinery, pkg/util/managedfields; structured-merge-diff, merge/update.go.</remarks>
internal sealed class FieldManager(ServedKind kind, string manager, string? subresource, string time)
{
    // Source: apimachinery, pkg/util/managedfields/internal/stripmeta.go.
    private static readonly HashSet<string> SystemMetadata =
        [.. ((string[])["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion"]).Select(FieldPath.OfField)];

    /// <summary>Records a create, update or patch: the writer owns from now on what it changed.</summary>
    /// <param name="live">The object before; null when it is created.</param>
    /// <param name="updated">The object after; its managed fields are set.</param>
    public void Update(JsonObject? live, JsonObject updated)
    {
        var entries = live is null ? [] : ManagedFields.Read(live);
        var before = Bare(live);
        var after = Bare(updated)!;
        var comparison = FieldComparison.Between(before, after, kind.ObjectSchema);
        var changed = Owned(comparison.Added.Union(comparison.Modified));
        var taken = changed.Union(Owned(comparison.Removed));
        entries = [.. entries.Select(entry => entry with { Fields = entry.Fields.Difference(taken) })];
        if (!changed.IsEmpty)
        {
            var entry = new ManagedFields(manager, false, kind.ApiVersion, subresource, time, changed);
            var old = entries.FirstOrDefault(entry.IsSameManager);
            entries = [.. entries.Where(other => !entry.IsSameManager(other)), entry with { Fields = old is null ? changed : old.Fields.Union(changed) }];
        }
        ManagedFields.Write(updated, entries);
    }

    /// <summary>Server-side apply.</summary>
    /// <param name="live">The object; one with nothing but its identity when it is created.</param>
    /// <param name="applied">What is applied.</param>
    /// <param name="force">Whether to take fields over that others own.</param>
    /// <returns>The object after, its managed fields set; equal to <paramref name="live"/> when nothing changes.</returns>
    /// <exception cref="KubernetesApiException">Another manager owns a field that would change.</exception>
    public JsonObject Apply(JsonObject live, JsonObject applied, bool force)
    {
        var schema = kind.ObjectSchema;
        var before = Bare(live)!;
        var wanted = Bare(applied)!;
        var entries = ManagedFields.Read(live);
        var entry = new ManagedFields(manager, true, kind.ApiVersion, subresource, time, Owned(TypedFields.Of(wanted, schema)));
        var last = entries.FirstOrDefault(entry.IsSameManager);
        var others = entries.Where(other => !entry.IsSameManager(other)).ToList();

        var merged = FieldMerge.Merge(before, wanted, schema)!.AsObject();
        // Usually the same fields are applied again, with other values: then there is nothing to remove.
        if (last is not null && !last.Fields.IsSubsetOf(entry.Fields))
            merged = Prune(merged, [.. others, entry], last.Fields, schema);

        var comparison = FieldComparison.Between(before, merged, schema);
        var changed = Owned(comparison.Added.Union(comparison.Modified));
        var conflicts = others.Select(other => (other, Fields: other.Fields.Intersection(changed))).Where(conflict => !conflict.Fields.IsEmpty).ToList();
        if (conflicts.Count > 0 && !force)
            throw ApiErrors.ApplyConflict(conflicts);
        var taken = changed.Union(Owned(comparison.Removed));
        var remaining = others.Select(other => other with { Fields = other.Fields.Difference(taken) });

        var isSame = last is not null && last.Fields.IsSubsetOf(entry.Fields) && entry.Fields.IsSubsetOf(last.Fields) && JsonNode.DeepEquals(before, merged);
        var result = WithIdentity(merged, live, applied);
        ManagedFields.Write(result, [.. remaining, isSame ? entry with { Time = last!.Time } : entry]);
        return result;
    }

    /// <summary>Removes what this manager applied before and no longer does, unless another manager owns it.</summary>
    private static JsonObject Prune(JsonObject merged, IEnumerable<ManagedFields> managers, FieldSet last, StructuralSchema schema)
    {
        var lastFields = last.WithNamedFields(schema);
        var pruned = TypedFields.Without(merged, lastFields, schema);
        var all = TypedFields.Of(merged, schema).WithNamedFields(schema);
        var owned = managers.Aggregate(new FieldSet(), (set, entry) => set.Union(entry.Fields)).WithNamedFields(schema);
        var kept = TypedFields.Of(pruned, schema).WithNamedFields(schema).Union(owned);
        pruned = TypedFields.Without(merged, all.Difference(kept), schema);
        var gone = all.Difference(TypedFields.Of(pruned, schema).WithNamedFields(schema)).Intersection(lastFields);
        return TypedFields.Without(merged, gone, schema) as JsonObject ?? [];
    }

    /// <summary>The part of a set that this request may own: not the identity, and not what the subresource does not write.</summary>
    private FieldSet Owned(FieldSet set) => set.Replace(step => step switch
    {
        "f:apiVersion" or "f:kind" => new FieldSet(),
        "f:metadata" when subresource is not null => new FieldSet(),
        "f:metadata" => OwnedMetadata(set),
        "f:status" when subresource is null && kind.HasStatus => new FieldSet(),
        _ when subresource == "status" && step != "f:status" => new FieldSet(),
        _ => null,
    });

    private static FieldSet OwnedMetadata(FieldSet set) =>
        set.Below("f:metadata")?.Replace(step => SystemMetadata.Contains(step) ? new FieldSet() : null).AsNoMember() ?? new FieldSet();

    /// <summary>Without managed fields, which are not fields of their own.</summary>
    private static JsonObject? Bare(JsonObject? resource)
    {
        if (resource is null)
            return null;
        var copy = resource.DeepClone().AsObject();
        if (copy["metadata"] is JsonObject metadata)
        {
            metadata.Remove("managedFields");
            metadata.Remove("resourceVersion");
        }
        return copy;
    }

    /// <summary>Puts back what <see cref="Bare"/> took: the version that the writer saw, or else the live one.</summary>
    private static JsonObject WithIdentity(JsonObject merged, JsonObject live, JsonObject applied)
    {
        if (merged["metadata"] is not JsonObject metadata)
            merged["metadata"] = metadata = [];
        var version = applied["metadata"]?["resourceVersion"] ?? live["metadata"]?["resourceVersion"];
        if (version is not null)
            metadata["resourceVersion"] = version.DeepClone();
        return merged;
    }
}
