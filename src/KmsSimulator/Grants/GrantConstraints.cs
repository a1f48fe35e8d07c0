using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Policies;
using KmsSimulator.Protocol;

namespace KmsSimulator.Grants;

/// <summary>What a grant demands of the requests that it permits.</summary>
/// <param name="Text">Its JSON with sorted names: the same constraints have the same text.</param>
/// <param name="ContextEquals">The encryption context that a request must have; null for any.</param>
/// <param name="ContextSubset">A part of it that a request must have; null for none.</param>
/// <param name="SourceArn">The resource for which a service must call; null for any.</param>
/// <remarks>Source: AWS KMS API reference, GrantConstraints; developer guide, "Using grant constraints".</remarks>
internal sealed record GrantConstraints(
    string Text, SortedDictionary<string, string>? ContextEquals, SortedDictionary<string, string>? ContextSubset, string? SourceArn)
{
    private const int MaxPairs = 8;
    private const int MaxCharacters = 384;

    private static readonly string[] Names = ["EncryptionContextEquals", "EncryptionContextSubset", "SourceArn"];

    /// <summary>Whether they say something of the encryption context, which symmetric encryption keys alone have.</summary>
    public bool HasContext => ContextEquals is not null || ContextSubset is not null;

    /// <summary>Reads Constraints; null when there are none.</summary>
    public static GrantConstraints? Read(KmsInput input)
    {
        if (input.Structure("Constraints") is not { } given)
            return null;
        foreach (var member in given.EnumerateObject())
        {
            if (!Names.Contains(member.Name))
                throw Errors.Validation($"Grants have the constraints {string.Join(", ", Names)}, not {Errors.Shown(member.Name)}.");
        }

        var (equals, subset) = (Context(given, Names[0]), Context(given, Names[1]));
        if (equals is not null && subset is not null)
            throw Errors.Validation("A grant has EncryptionContextEquals or EncryptionContextSubset, not both.");
        var sourceArn = given.TryGetProperty(Names[2], out var arn) && arn.ValueKind != JsonValueKind.Null ? SourceArnOf(arn) : null;
        var json = new JsonObject();
        if (equals is not null)
            json[Names[0]] = Json(equals);
        if (subset is not null)
            json[Names[1]] = Json(subset);
        if (sourceArn is not null)
            json[Names[2]] = sourceArn;
        return json.Count == 0 ? null : new GrantConstraints(json.ToJsonString(), equals, subset, sourceArn);
    }

    /// <summary>Whether a request with an encryption context meets them.</summary>
    public bool Admit(SortedDictionary<string, string>? context)
    {
        var pairs = context ?? [];
        return (ContextEquals is null || (ContextEquals.Count == pairs.Count && ContextEquals.All(Has)))
            && (ContextSubset is null || ContextSubset.All(Has));

        bool Has(KeyValuePair<string, string> pair) => pairs.TryGetValue(pair.Key, out var value) && value == pair.Value;
    }

    /// <summary>Whether every request that meets these meets others too.</summary>
    public bool AreAtLeastAsStrictAs(GrantConstraints others) => others.ContextEquals is not null
        ? ContextEquals is not null && others.Admit(ContextEquals)
        : others.Admit(ContextEquals ?? ContextSubset);

    private static SortedDictionary<string, string>? Context(JsonElement given, string name)
    {
        if (!given.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind != JsonValueKind.Object)
            throw Errors.Serialization($"{name} must be a map");
        var pairs = KmsInput.Texts(value);
        if (pairs.Count > MaxPairs || pairs.Sum(pair => pair.Key.Length + pair.Value.Length) > MaxCharacters)
        {
            throw Errors.Validation(
                $"The encryption context of a grant constraint may have {MaxPairs} pairs and {MaxCharacters} characters at most.");
        }

        return pairs.Count == 0 ? null : pairs;
    }

    private static string SourceArnOf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
            throw Errors.Serialization("SourceArn must be a string");
        var arn = value.GetString()!;
        return PolicyPrincipal.IsSourceArn(arn) ? arn : throw Errors.Validation($"SourceArn {Errors.Shown(arn)} is not the ARN of a resource with its account.");
    }

    private static JsonObject Json(SortedDictionary<string, string> pairs) =>
        new(pairs.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
}
