using System.Text.Json;
using KmsOperator.Planning;
using KmsOperator.Policies.Evaluation;
using KmsOperator.Rendering;

namespace KmsOperator.Explaining;

/// <summary>A key with its policy: one that manifests describe, or one that exists.</summary>
internal sealed record ExplainedKey
{
    /// <summary>The resource that describes it, as <c>ServiceKey/team/orders</c>; the ARN of a key that exists.</summary>
    public required string Name { get; init; }

    /// <summary>Account and Region.</summary>
    public required KeyLocation Location { get; init; }

    /// <summary>The key's ARN, of which the id is not known before the key exists.</summary>
    public required KeyArn Arn { get; init; }

    /// <summary>Full alias name; null if it is not known.</summary>
    public string? AliasName { get; init; }

    /// <summary>KMS key spec; null if it is not known.</summary>
    public string? KeySpec { get; init; }

    /// <summary>KMS key usage; null if it is not known.</summary>
    public string? KeyUsage { get; init; }

    /// <summary>Whether it is a multi-Region key; null if it is not known.</summary>
    public bool? MultiRegion { get; init; }

    /// <summary>Tags that it certainly has.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>The statements of its policy.</summary>
    public required IReadOnlyList<PolicyStatement> Statements { get; init; }

    /// <summary>The grants that the manifests give beside the policy; of a key that exists none are looked at.</summary>
    public IReadOnlyList<DesiredGrant> Grants { get; init; } = [];

    /// <summary>A key that manifests describe; null for a replica whose policy is that of a primary managed elsewhere.</summary>
    public static ExplainedKey? Of(RenderedKey key) => key.Policy is not { } policy ? null : new ExplainedKey
    {
        Name = key.Owner.Path,
        Location = key.Location,
        Arn = KeyArn.Of(key.Location.Region, key.Location.AccountId),
        AliasName = key.AliasName,
        KeySpec = key.KeySpec,
        KeyUsage = key.KeyUsage,
        MultiRegion = key.MultiRegion,
        Tags = key.Tags,
        Grants = key.Grants,
        Statements = StatementsOf(policy),
    };

    /// <summary>A key that exists.</summary>
    /// <param name="arn">Its ARN.</param>
    /// <param name="policy">What GetKeyPolicy returned.</param>
    public static ExplainedKey Of(string arn, string policy)
    {
        var parts = arn.Split(':');
        return new ExplainedKey
        {
            Name = arn,
            Location = new KeyLocation(parts[4], parts[3]),
            Arn = KeyArn.Parse(arn),
            Statements = StatementsOf(policy),
        };
    }

    private static IReadOnlyList<PolicyStatement> StatementsOf(string policy)
    {
        using var document = JsonDocument.Parse(policy);
        return PolicyStatement.ReadAll(document.RootElement);
    }
}
