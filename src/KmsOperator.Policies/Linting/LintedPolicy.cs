using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Policies.Linting;

/// <summary>A key policy with what is known of its key.</summary>
public sealed record LintedPolicy
{
    /// <summary>The statements.</summary>
    public required IReadOnlyList<PolicyStatement> Statements { get; init; }

    /// <summary>The key's account.</summary>
    public required string AccountId { get; init; }

    /// <summary>The key's Region.</summary>
    public required string Region { get; init; }

    /// <summary>KMS key spec; null if it is not known.</summary>
    public string? KeySpec { get; init; }

    /// <summary>KMS key usage; null if it is not known.</summary>
    public string? KeyUsage { get; init; }

    /// <summary>Accounts that class and resource trust.</summary>
    public IReadOnlyCollection<string> TrustedAccounts { get; init; } = [];

    /// <summary>Statements that allow.</summary>
    internal IEnumerable<PolicyStatement> Allows => Statements.Where(statement => statement.IsAllow);

    /// <summary>The actions that a policy of this key can decide.</summary>
    internal IReadOnlyList<string> Actions => KmsActions.Of(KeySpec, KeyUsage);

    /// <summary>Those of them that a statement is about.</summary>
    internal IEnumerable<string> ActionsOf(PolicyStatement statement) => Actions.Where(statement.CoversAction);

    /// <summary>Whether a statement is about nobody but the key's own account as a whole.</summary>
    internal bool IsOwnAccount(PolicyStatement statement) => statement.Principals is { IsNot: false, Services.Count: 0, Others.Count: 0, Aws.Count: > 0 } principals
        && principals.Aws.All(name => StatementPrincipals.AccountOf(name) == AccountId);
}
