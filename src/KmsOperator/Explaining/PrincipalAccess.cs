using KmsOperator.Planning;
using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Explaining;

/// <summary>One principal that a statement lets do an action, or keeps from it.</summary>
/// <param name="Kind"><c>user</c>, <c>role</c>, <c>session</c>, <c>account</c>, <c>service</c>, <c>everybody</c>, <c>federated</c> or <c>deleted</c>.</param>
/// <param name="Principal">As the policy has it.</param>
/// <param name="Statement">The statement.</param>
/// <param name="Conditions">When, in plain words.</param>
/// <param name="NeedsIam">Whether an IAM policy must allow it too.</param>
internal sealed record PrincipalAccess(string Kind, string Principal, PolicyStatement Statement, string Conditions, bool NeedsIam);

/// <summary>Who can do an action with a key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Allowed">Whom statements allow it; those who are denied it in any case are left out.</param>
/// <param name="Denied">Whom statements deny it.</param>
internal sealed record KeyAccess(ExplainedKey Key, IReadOnlyList<PrincipalAccess> Allowed, IReadOnlyList<PrincipalAccess> Denied)
{
    /// <summary>Grants that allow it beside the policy.</summary>
    public IReadOnlyList<DesiredGrant> Grants { get; private init; } = [];

    /// <summary>Everybody who can do an action by a key's policy.</summary>
    public static KeyAccess Of(ExplainedKey key, string action)
    {
        var about = key.Statements.Where(statement => statement.CoversAction(action) && statement.Resources.Select(key.Arn.Fits).Any() != Answer.No).ToArray();
        var denied = about.Where(statement => !statement.IsAllow).SelectMany(statement => PrincipalsOf(statement, key)).ToArray();
        var always = denied.Where(one => one.Statement.Conditions.Count == 0 && !one.Statement.Principals.IsNot).ToArray();
        var allowed = about.Where(statement => statement.IsAllow).SelectMany(statement => PrincipalsOf(statement, key));
        return new KeyAccess(key, [.. allowed.Where(one => !always.Any(other => Covers(other, one)))], denied)
        {
            Grants = [.. key.Grants.Where(grant => grant.Operations.Any(operation => $"kms:{operation}" == action))],
        };
    }

    private static bool Covers(PrincipalAccess denied, PrincipalAccess allowed) =>
        denied.Kind == "everybody" || denied.Principal == allowed.Principal
        || (denied.Kind == "account" && allowed.Principal.Split(':') is { Length: > 4 } arn && arn[4] == StatementPrincipals.AccountOf(denied.Principal));

    private static IEnumerable<PrincipalAccess> PrincipalsOf(PolicyStatement statement, ExplainedKey key)
    {
        var conditions = ConditionWords.Of(statement.Conditions);
        var principals = statement.Principals;
        if (principals.IsNot)
        {
            return [new PrincipalAccess("everybody", $"all but {string.Join(", ", principals.Aws.Concat(principals.Services).Concat(principals.Others))}", statement, conditions, NeedsIam: false)];
        }

        return principals.Aws.Select(name => AwsPrincipal(name, statement, conditions, key.Location.AccountId))
            .Concat(principals.Services.Select(name => new PrincipalAccess("service", name, statement, conditions, NeedsIam: false)))
            .Concat(principals.Others.Select(name => new PrincipalAccess("federated", name, statement, conditions, NeedsIam: false)));
    }

    private static PrincipalAccess AwsPrincipal(string name, PolicyStatement statement, string conditions, string accountId)
    {
        var kind = name == StatementPrincipals.Everybody ? "everybody"
            : StatementPrincipals.AccountOf(name) is not null ? "account"
            : name.Split(':', 6) is [_, _, _, _, _, var resource] ? resource.Split('/')[0] switch
            {
                "role" => "role",
                "user" => "user",
                "assumed-role" => "session",
                _ => "federated",
            }
            : "deleted";
        var account = StatementPrincipals.AccountOf(name) ?? (name.Split(':') is { Length: > 4 } arn ? arn[4] : null);
        return new PrincipalAccess(kind, name, statement, conditions, NeedsIam: kind == "account" || (account is not null && account != accountId));
    }
}
