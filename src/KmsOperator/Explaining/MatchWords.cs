using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Explaining;

/// <summary>Says why a statement applies to a request or does not.</summary>
internal static class MatchWords
{
    /// <summary>A sentence for each part of the statement that counts.</summary>
    public static IReadOnlyList<string> Of(StatementMatch match, RequestFacts facts) =>
    [
        PrincipalOf(match),
        .. match.Action == Answer.No ? (string[])[$"it is not about {facts.Action}"] : [],
        .. match.Resource switch
        {
            Answer.No => (string[])[$"its Resource is not this key ({facts.KeyArn})"],
            Answer.Unknown => ["its Resource names one key id, and the id of this key is not known yet"],
            _ => [],
        },
        .. match.Conditions.Select(ConditionOf),
    ];

    private static string PrincipalOf(StatementMatch match)
    {
        var principals = match.Statement.Principals;
        var names = string.Join(", ", principals.Aws.Concat(principals.Services).Concat(principals.Others));
        return (match.Principal.Answer, match.Principal.Basis) switch
        {
            (Answer.No, _) when principals.IsNot => $"it is about all but {names}",
            (Answer.No, _) => $"it names {(names.Length > 0 ? names : "nobody")}, not the caller",
            (Answer.Unknown, _) => $"it depends on the session: {match.Principal.Principal ?? names}",
            (_, PrincipalBasis.Account) => $"it names the caller's account ({match.Principal.Principal})",
            (_, PrincipalBasis.Everybody) when principals.IsNot => $"it is about all but {names}",
            (_, PrincipalBasis.Everybody) => "it is about everybody",
            _ => "it names the caller",
        };
    }

    private static string ConditionOf(ConditionMatch match)
    {
        var words = ConditionWords.Of(match.Condition);
        var key = match.Condition.Key;
        var value = match.Value.Values is { } values ? $"{key} is {string.Join(", ", values)}" : $"the request has no {key}";
        return match.Holds switch
        {
            Answer.Yes => $"its condition holds: {words}",
            Answer.No => $"its condition does not hold: {words}; {value}",
            _ when match.Value.IsKnown => $"it depends on a policy variable or an unknown operator: {words}",
            _ => $"it depends on {key}, which is not known: {words}",
        };
    }
}
