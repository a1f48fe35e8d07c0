using KmsOperator.Planning;

namespace KmsOperator.Importing;

/// <summary>A grant on a key, as another tool tells of it.</summary>
/// <param name="Label">What that tool calls it.</param>
/// <param name="NameHint">From what the entry of <c>spec.grants</c> is named where the grant has no name of its own.</param>
internal sealed record ForeignGrant(string Label, string NameHint)
{
    /// <summary>KMS's id; null where the tool does not say.</summary>
    public string? Id { get; init; }

    /// <summary>Its name in KMS; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>Who has it.</summary>
    public string? GranteePrincipal { get; init; }

    /// <summary>Who may retire it; null for nobody.</summary>
    public string? RetiringPrincipal { get; init; }

    /// <summary>What the grantee may do.</summary>
    public IReadOnlyList<string> Operations { get; init; } = [];

    /// <summary>The encryption context that a request must have; null for any.</summary>
    public IReadOnlyDictionary<string, string>? EncryptionContextEquals { get; init; }

    /// <summary>Pairs that the encryption context of a request must have; null for none.</summary>
    public IReadOnlyDictionary<string, string>? EncryptionContextSubset { get; init; }

    /// <summary>Why no manifest can say it, where the tool's own words show that already; null where they do not.</summary>
    public string? Obstacle { get; init; }

    /// <summary>The grant with the constraints that the other tool lists. KMS has one of each kind at most, and a tool that lists more does not say which.</summary>
    /// <param name="equals">What the encryption context of a request must be.</param>
    /// <param name="subsets">What it must have.</param>
    public ForeignGrant With(IEnumerable<Dictionary<string, string>> equals, IEnumerable<Dictionary<string, string>> subsets)
    {
        Dictionary<string, string>[] whole = [.. equals.Where(pairs => pairs.Count > 0)];
        Dictionary<string, string>[] parts = [.. subsets.Where(pairs => pairs.Count > 0)];
        return this with
        {
            EncryptionContextEquals = whole.FirstOrDefault(),
            EncryptionContextSubset = parts.FirstOrDefault(),
            Obstacle = whole.Length + parts.Length > 1 ? "it lists several constraints, and KMS has one. Look which one it is (aws kms list-grants), and write the entry of spec.grants by hand" : Obstacle,
        };
    }

    /// <summary>The grant as KMS would list it.</summary>
    public ObservedGrant Observed => new(Id ?? Label, Name ?? "", [.. Operations.Order(StringComparer.Ordinal)])
    {
        GranteePrincipal = GranteePrincipal,
        RetiringPrincipal = RetiringPrincipal,
        EncryptionContextEquals = EncryptionContextEquals,
        EncryptionContextSubset = EncryptionContextSubset,
    };
}
