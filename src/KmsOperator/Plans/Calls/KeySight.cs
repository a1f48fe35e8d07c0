using System.Text.Json.Nodes;

namespace KmsOperator.Plans.Calls;

/// <summary>What was read of a key, with the calls of the plan on top. Null is what nobody has read.</summary>
internal sealed record KeySight
{
    /// <summary>Nothing was read.</summary>
    public static KeySight Nothing { get; } = new();

    /// <summary>KMS's own word.</summary>
    public string? KeyState { get; init; }

    /// <summary>KMS's own word.</summary>
    public string? Origin { get; init; }

    /// <summary>The description.</summary>
    public string? Description { get; init; }

    /// <summary>Whether it is a multi-Region primary.</summary>
    public bool IsPrimary { get; init; }

    /// <summary>Regions of its replicas.</summary>
    public IReadOnlyList<string> ReplicaRegions { get; init; } = [];

    /// <summary>The key policy.</summary>
    public string? Policy { get; init; }

    /// <summary>All tags.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>The grants as ListGrants shows them, by id, and those that the plan makes, by name.</summary>
    public IReadOnlyDictionary<string, JsonObject> Grants { get; init; } = new Dictionary<string, JsonObject>();

    /// <summary>Days between rotations; 0 where rotation is off.</summary>
    public int? RotationDays { get; init; }

    /// <summary>The key that the alias of the call points at; null where there is no such alias, and for other calls.</summary>
    public string? AliasTarget { get; init; }

    /// <summary>With what an answer of KMS shows.</summary>
    /// <param name="operation">A reading operation.</param>
    /// <param name="answer">Its answer.</param>
    public KeySight WithAnswer(string operation, JsonObject answer) => operation switch
    {
        "DescribeKey" when answer["KeyMetadata"] is JsonObject metadata => this with
        {
            KeyState = TextOf(metadata, "KeyState"),
            Origin = TextOf(metadata, "Origin"),
            Description = TextOf(metadata, "Description") ?? "",
            IsPrimary = (string?)metadata["MultiRegionConfiguration"]?["MultiRegionKeyType"] == "PRIMARY",
            ReplicaRegions = [.. (metadata["MultiRegionConfiguration"]?["ReplicaKeys"] as JsonArray ?? []).Select(replica => (string?)replica?["Region"]).OfType<string>()],
        },
        "GetKeyPolicy" => this with { Policy = TextOf(answer, "Policy") },
        "ListResourceTags" => this with { Tags = Joined(Tags, TagsIn(answer)) },
        "ListGrants" => this with
        {
            Grants = (FieldOf(answer, "Grants") as JsonArray ?? []).OfType<JsonObject>().Where(grant => grant["GrantId"] is not null)
                .Select(grant => KeyValuePair.Create((string)grant["GrantId"]!, grant)).Concat(Grants).DistinctBy(grant => grant.Key).ToDictionary(),
        },
        "GetKeyRotationStatus" => this with
        {
            RotationDays = (bool?)answer["KeyRotationEnabled"] == true ? (int?)answer["RotationPeriodInDays"] : 0,
        },
        _ => this,
    };

    /// <summary>With what a call of the plan does.</summary>
    /// <param name="operation">A writing operation.</param>
    /// <param name="body">Its parameters.</param>
    public KeySight WithCall(string operation, JsonObject body) => operation switch
    {
        "EnableKey" or "ImportKeyMaterial" => this with { KeyState = "Enabled" },
        "DisableKey" or "CancelKeyDeletion" => this with { KeyState = "Disabled" },
        "ScheduleKeyDeletion" => this with { KeyState = "PendingDeletion" },
        "UpdatePrimaryRegion" => this with { IsPrimary = false },
        "UpdateKeyDescription" => this with { Description = TextOf(body, "Description") },
        "PutKeyPolicy" => this with { Policy = TextOf(body, "Policy") },
        "TagResource" => this with { Tags = Joined(Tags, TagsIn(body)) },
        "UntagResource" => this with
        {
            Tags = Tags?.Where(tag => !(body["TagKeys"] as JsonArray ?? []).Any(key => (string?)key == tag.Key)).ToDictionary(),
        },
        "CreateGrant" => this with { Grants = new Dictionary<string, JsonObject>(Grants) { [TextOf(body, "Name") ?? ""] = body } },
        "RevokeGrant" => this with { Grants = Grants.Where(grant => grant.Key != TextOf(body, "GrantId")).ToDictionary() },
        "EnableKeyRotation" => this with { RotationDays = (int?)body["RotationPeriodInDays"] },
        "DisableKeyRotation" => this with { RotationDays = 0 },
        _ => this,
    };

    /// <summary>The tags in a request or an answer.</summary>
    public static IReadOnlyDictionary<string, string> TagsIn(JsonObject json) => (FieldOf(json, "Tags") as JsonArray ?? []).OfType<JsonObject>()
        .ToDictionary(tag => (string?)tag["TagKey"] ?? "", tag => (string?)tag["TagValue"] ?? "");

    private static JsonNode? FieldOf(JsonObject json, string name) => json[name];

    private static string? TextOf(JsonObject json, string name) => (string?)FieldOf(json, name);

    private static Dictionary<string, string> Joined(IReadOnlyDictionary<string, string>? before, IReadOnlyDictionary<string, string> more)
    {
        var joined = new Dictionary<string, string>(before ?? new Dictionary<string, string>());
        foreach (var (key, value) in more)
        {
            joined[key] = value;
        }

        return joined;
    }
}
