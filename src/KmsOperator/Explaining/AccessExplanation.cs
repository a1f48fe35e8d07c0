using KmsOperator.Planning;
using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Explaining;

/// <summary>What a key's policy says to one request, and what it leaves to IAM.</summary>
/// <param name="Key">The key.</param>
/// <param name="Facts">The request.</param>
/// <param name="Decision">What the policy says.</param>
internal sealed record AccessExplanation(ExplainedKey Key, RequestFacts Facts, AccessDecision Decision)
{
    /// <summary>What an IAM policy must still allow; null where the key policy is enough, or does not allow the request.</summary>
    /// <remarks>Source: AWS KMS developer guide, "Default key policy" and "Allowing users in other accounts to use a KMS key".</remarks>
    public string? NeededFromIam
    {
        get
        {
            if (Decision.Result is not (AccessResult.Allowed or AccessResult.Unknown) || Facts.Caller.AccountId is not { } account)
            {
                return null;
            }

            var permission = $"{Facts.Action} on {Key.Arn}";
            if (account != Key.Location.AccountId)
            {
                return $"an IAM policy in account {account} must allow {permission}: the key is of account {Key.Location.AccountId}";
            }

            var allows = Decision.Statements.Where(match => match.Statement.IsAllow && match.Applies != Answer.No).ToArray();
            return allows.All(match => match.Principal.Basis == PrincipalBasis.Account) && Facts.Caller.Kind != CallerKind.Account
                ? $"an IAM policy of the caller must allow {permission}: the statement names the account, so that IAM decides"
                : null;
        }
    }

    /// <summary>Condition keys on whose values the answer depends.</summary>
    public IReadOnlyList<string> Unknown => Decision.Result != AccessResult.Unknown ? [] :
    [
        .. Decision.Statements.Where(match => match.Applies == Answer.Unknown).SelectMany(match => match.Conditions)
            .Where(condition => condition.Holds == Answer.Unknown).Select(condition => condition.Condition.Key).Distinct(StringComparer.OrdinalIgnoreCase),
    ];

    /// <summary>Grants that allow the request beside the policy, within their constraints. A statement that denies it counts more.</summary>
    public IEnumerable<DesiredGrant> Grants => Decision.Result == AccessResult.Denied ? [] : Key.Grants.Where(grant =>
        grant.Operations.Any(operation => $"kms:{operation}" == Facts.Action)
        && (grant.GranteePrincipal is { } principal ? Facts.Caller.Is(principal) || (StatementPrincipals.AccountOf(principal) is { } account && account == Facts.Caller.AccountId)
            : Facts.Caller.Kind == CallerKind.Service && Facts.Caller.Name == grant.GranteeServicePrincipal));

    /// <summary>Statements about the request, and those that one thing alone keeps from being about it.</summary>
    public IEnumerable<StatementMatch> Near => Decision.Statements.Where(match =>
        new[] { match.Principal.Answer, match.Action, match.Resource, match.Conditions.Select(condition => condition.Holds).All() }.Count(answer => answer == Answer.No) <= 1);

    /// <summary>Holds a key's policy against a request.</summary>
    public static AccessExplanation Of(ExplainedKey key, RequestFacts facts) => new(key, facts, PolicyEvaluator.Decide(key.Statements, facts.ToRequest()));
}
