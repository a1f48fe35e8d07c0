using System.Text.Json.Nodes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>Who owns which fields: one entry of <c>metadata.managedFields</c>.</summary>
/// <param name="Manager">The name that the writer gave.</param>
/// <param name="IsApply">Whether by server-side apply.</param>
/// <param name="ApiVersion">The version that was written.</param>
/// <param name="Subresource">The subresource that was written; null for the object.</param>
/// <param name="Time">When the entry changed last.</param>
/// <param name="Fields">The fields.</param>
internal sealed record ManagedFields(string Manager, bool IsApply, string ApiVersion, string? Subresource, string Time, FieldSet Fields)
{
    /// <summary>Whether two entries are of the same manager, so that there can be only one of them.</summary>
    public bool IsSameManager(ManagedFields other) =>
        Manager == other.Manager && IsApply == other.IsApply && Subresource == other.Subresource && (IsApply || ApiVersion == other.ApiVersion);

    public static List<ManagedFields> Read(JsonObject resource) =>
    [
        .. (resource["metadata"]?["managedFields"] as JsonArray ?? []).Select(entry => new ManagedFields(
            (string?)entry!["manager"] ?? "",
            (string?)entry["operation"] == "Apply",
            (string?)entry["apiVersion"] ?? "",
            (string?)entry["subresource"],
            (string?)entry["time"] ?? "",
            FieldSet.Parse(entry["fieldsV1"] as JsonObject ?? []))),
    ];

    /// <summary>Puts entries into an object: those of applies first, then by time and name, as the server sorts them.</summary>
    public static void Write(JsonObject resource, IEnumerable<ManagedFields> entries)
    {
        var list = new JsonArray();
        var sorted = entries.Where(entry => !entry.Fields.IsEmpty)
            .OrderByDescending(entry => entry.IsApply)
            .ThenBy(entry => entry.Time, StringComparer.Ordinal)
            .ThenBy(entry => entry.Manager, StringComparer.Ordinal)
            .ThenBy(entry => entry.Subresource ?? "", StringComparer.Ordinal);
        foreach (var entry in sorted)
        {
            var json = new JsonObject
            {
                ["manager"] = entry.Manager,
                ["operation"] = entry.IsApply ? "Apply" : "Update",
                ["apiVersion"] = entry.ApiVersion,
                ["time"] = entry.Time,
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = entry.Fields.ToJson(),
            };
            if (entry.Subresource is not null)
                json["subresource"] = entry.Subresource;
            list.Add(json);
        }
        var metadata = resource["metadata"]!.AsObject();
        if (list.Count > 0)
            metadata["managedFields"] = list;
        else
            metadata.Remove("managedFields");
    }
}
