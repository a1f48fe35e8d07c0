using System.Globalization;
using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>An object in one version. It never changes; whoever wants to change it takes a copy.</summary>
internal sealed class StoredObject
{
    private readonly JsonObject _json;
    private byte[]? _utf8;

    public StoredObject(JsonObject json, long revision)
    {
        json["metadata"]!["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture);
        (_json, Revision) = (json, revision);
    }

    public long Revision { get; }

    /// <summary>
    /// Whether a default is shown that is not stored: a new object has no status, and the default of its status is filled in whenever it is read. The
    /// first write stores it, also a write that changes nothing else (measured on 1.36).
    /// </summary>
    public bool HasUnstoredDefaults { get; set; }

    /// <summary>Not to be changed.</summary>
    public JsonObject Json => _json;

    public byte[] Utf8 => _utf8 ??= JsonBody.ToUtf8Bytes(_json);

    public NamespacedName Key => new((string?)_json["metadata"]!["namespace"] ?? "", (string)_json["metadata"]!["name"]!);

    public string Uid => (string)_json["metadata"]!["uid"]!;

    public bool IsDeleting => _json["metadata"]!["deletionTimestamp"] is not null;

    public bool HasFinalizers => _json["metadata"]!["finalizers"] is JsonArray { Count: > 0 };

    public JsonObject Copy() => _json.DeepClone().AsObject();
}
