using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Rendering;

/// <summary>One key of the output; null is what only AWS knows.</summary>
internal sealed record RenderedKey
{
    /// <summary>The resource that the key is for.</summary>
    public required KeyOwner Owner { get; init; }

    /// <summary>Account and Region.</summary>
    public required KeyLocation Location { get; init; }

    /// <summary>Full alias name.</summary>
    public string? AliasName { get; init; }

    /// <summary>Full names of the key's other aliases.</summary>
    public IReadOnlyList<string> AdditionalAliases { get; private init; } = [];

    /// <summary>The grants that the operator keeps on the key.</summary>
    public IReadOnlyList<DesiredGrant> Grants { get; private init; } = [];

    private string? Description { get; init; }

    /// <summary>KMS key spec.</summary>
    public string? KeySpec { get; init; }

    /// <summary>KMS key usage.</summary>
    public string? KeyUsage { get; init; }

    /// <summary>Where the key material comes from; null where it is the primary's, which is managed elsewhere.</summary>
    public string? Origin { get; private init; }

    private string? CustomKeyStoreId { get; init; }

    private string? XksKeyId { get; init; }

    /// <summary>Whether it is a multi-Region key.</summary>
    public bool MultiRegion { get; init; }

    /// <summary>The Region whose key is to be the primary; null where the manifests do not say.</summary>
    public string? PrimaryRegion { get; init; }

    /// <summary>The tags that the operator puts.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>The policy document; null where it is the primary's, which is managed elsewhere.</summary>
    public string? Policy { get; init; }

    /// <summary>A key of which everything is known.</summary>
    public static RenderedKey Of(DesiredKey key) => new()
    {
        Owner = key.Owner,
        Location = key.Location,
        AliasName = key.AliasName,
        AdditionalAliases = key.AdditionalAliases,
        Grants = key.Grants,
        Description = key.Description,
        KeySpec = key.KeySpec,
        KeyUsage = key.KeyUsage,
        Origin = key.Origin,
        CustomKeyStoreId = key.CustomKeyStoreId,
        XksKeyId = key.XksKeyId,
        MultiRegion = key.MultiRegion,
        PrimaryRegion = key.WantedPrimary?.Region,
        Tags = key.Tags,
        Policy = key.Policy.Text,
    };

    /// <summary>A replica whose primary is managed elsewhere.</summary>
    public static RenderedKey Of(ReplicaOutline outline) => new()
    {
        Owner = outline.Owner,
        Location = outline.Location,
        AliasName = outline.AliasName,
        AdditionalAliases = outline.AdditionalAliases,
        Grants = outline.Grants,
        Description = outline.Description,
        MultiRegion = true,
        Tags = outline.Tags,
        Policy = outline.Policy?.Text,
    };

    /// <summary>The object of the output, with its fields in their order.</summary>
    public JsonObject ToJson()
    {
        // Uid and cluster are known only where the resource lives.
        var tags = Tags.Where(tag => tag.Key is not (TagNames.Uid or TagNames.Cluster)).ToDictionary(tag => tag.Key, tag => (string?)tag.Value);
        tags.TryAdd(TagNames.Name, null);
        var json = new JsonObject
        {
            ["kind"] = Owner.Kind,
            ["namespace"] = Owner.Namespace,
            ["name"] = Owner.Name,
            ["region"] = Location.Region,
            ["account"] = Location.AccountId,
            ["alias"] = AliasName,
            ["description"] = Description,
            ["keySpec"] = KeySpec,
            ["keyUsage"] = KeyUsage,
            ["multiRegion"] = MultiRegion,
            ["tags"] = new JsonObject(tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => KeyValuePair.Create(tag.Key, (JsonNode?)tag.Value))),
            ["policy"] = Policy is null ? null : JsonNode.Parse(Policy),
        };
        if (AdditionalAliases.Count > 0)
        {
            json["additionalAliases"] = new JsonArray([.. AdditionalAliases.Select(alias => (JsonNode)alias)]);
        }

        if (Grants.Count > 0)
        {
            json["grants"] = new JsonArray([.. Grants.Select(grant => (JsonNode)GrantOf(grant))]);
        }

        if (Origin is not (null or KeyOrigins.Kms))
        {
            json["origin"] = Origin;
        }

        if (CustomKeyStoreId is not null)
        {
            json["customKeyStoreId"] = CustomKeyStoreId;
        }

        if (XksKeyId is not null)
        {
            json["xksKeyId"] = XksKeyId;
        }

        if (PrimaryRegion is not null)
        {
            json["primaryRegion"] = PrimaryRegion;
        }

        return json;
    }

    /// <summary>A grant as in the spec, with its principals resolved and its operations in order.</summary>
    private static JsonObject GrantOf(DesiredGrant grant)
    {
        var json = new JsonObject { ["name"] = grant.Name };
        Add("granteePrincipal", grant.GranteePrincipal);
        Add("granteeServicePrincipal", grant.GranteeServicePrincipal);
        Add("sourceArn", grant.SourceArn);
        json["operations"] = new JsonArray([.. grant.Operations.Select(operation => (JsonNode)operation)]);
        Add("encryptionContextEquals", Pairs(grant.EncryptionContextEquals));
        Add("encryptionContextSubset", Pairs(grant.EncryptionContextSubset));
        Add("retiringPrincipal", grant.RetiringPrincipal);
        return json;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
            {
                json[name] = value;
            }
        }
    }

    private static JsonObject? Pairs(IReadOnlyDictionary<string, string>? pairs) =>
        pairs is null ? null : new JsonObject(pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
}
