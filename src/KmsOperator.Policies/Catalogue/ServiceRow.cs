namespace KmsOperator.Policies;

/// <summary>One AWS service of the catalogue.</summary>
/// <param name="Name">The value of <c>spec.service</c>.</param>
/// <param name="Summary">Whom the row's statements allow what, for people; a cell of the table in docs/policies.md.</param>
/// <param name="Source">The page of AWS's documentation that asks for these statements.</param>
/// <param name="Statements">The statements beyond the common ones.</param>
public sealed record ServiceRow(string Name, string Summary, string Source, IReadOnlyList<StatementTemplate> Statements)
{
    /// <summary>What the keys of the service cannot be.</summary>
    public ServiceLimits Limits { get; init; } = new();

    /// <summary>The fields of <c>spec.serviceParameters</c> that the service takes, with the values that stand for an absent one.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether AWS's pages name no actions, so that the row has the usual ones: use, and grants for AWS resources, through the service.</summary>
    public bool IsGeneral { get; init; }
}
