using System.Collections.Immutable;
using System.IO.Enumeration;
using KmsSimulator.Sts;

namespace KmsSimulator.Policies;

/// <summary>One line of a statement's Condition.</summary>
/// <param name="Operator">For example <c>StringEquals</c>.</param>
/// <param name="Key">For example <c>kms:CallerAccount</c>.</param>
/// <param name="Values">Any of these.</param>
internal sealed record PolicyCondition(ConditionOperator Operator, string Key, ImmutableArray<string> Values)
{
    /// <summary>
    /// Whether it holds for a direct call, which has <c>kms:CallerAccount</c>, <c>aws:PrincipalAccount</c> and <c>aws:PrincipalArn</c>
    /// and no other key.
    /// </summary>
    /// <remarks>Source of what absent keys mean: AWS IAM user guide, "Condition operators" and "Multivalued context keys".</remarks>
    public bool Holds(Caller caller)
    {
        var value = Key.ToLowerInvariant() switch
        {
            "kms:calleraccount" or "aws:principalaccount" => caller.AccountId,
            "aws:principalarn" => caller.PrincipalArn,
            _ => null,
        };
        if (Operator.Name == "Null")
            return Values.Contains(value is null ? "true" : "false", StringComparer.OrdinalIgnoreCase);
        if (value is null)
            return Operator.IfExists || Operator.Set == "ForAllValues" || (Operator.IsNegated && Operator.Set is null);
        return Operator.Name switch
        {
            "StringEquals" => Values.Contains(value, StringComparer.Ordinal),
            "StringNotEquals" => !Values.Contains(value, StringComparer.Ordinal),
            "StringEqualsIgnoreCase" => Values.Contains(value, StringComparer.OrdinalIgnoreCase),
            "StringNotEqualsIgnoreCase" => !Values.Contains(value, StringComparer.OrdinalIgnoreCase),
            "StringLike" or "ArnLike" or "ArnEquals" => Values.Any(IsLike),
            "StringNotLike" or "ArnNotLike" or "ArnNotEquals" => !Values.Any(IsLike),

            // Numbers, dates, addresses: no account and no ARN is one.
            _ => Operator.IsNegated,
        };

        bool IsLike(string pattern) => FileSystemName.MatchesSimpleExpression(pattern, value, ignoreCase: false);
    }
}
