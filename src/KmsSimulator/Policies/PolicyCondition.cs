using System.Collections.Immutable;
using System.IO.Enumeration;
using KmsSimulator.Sts;

namespace KmsSimulator.Policies;

/// <summary>One line of a statement's Condition.</summary>
/// <param name="Operator">For example <c>StringEquals</c>.</param>
/// <param name="Key">For example <c>kms:CallerAccount</c>.</param>
/// <param name="Values">Any of these.</param>
internal sealed record PolicyCondition(string Operator, string Key, ImmutableArray<string> Values)
{
    /// <summary>Whether it holds for a direct call. What the simulator cannot know does not hold.</summary>
    public bool Holds(Caller caller)
    {
        var value = Key.ToLowerInvariant() switch
        {
            "kms:calleraccount" or "aws:principalaccount" => caller.AccountId,
            "aws:principalarn" => caller.PrincipalArn,
            _ => null,
        };
        return value is not null && Operator switch
        {
            "StringEquals" => Values.Contains(value, StringComparer.Ordinal),
            "StringEqualsIgnoreCase" => Values.Contains(value, StringComparer.OrdinalIgnoreCase),
            "StringNotEquals" => !Values.Contains(value, StringComparer.Ordinal),
            "StringLike" or "ArnLike" or "ArnEquals" => Values.Any(IsLike),
            "StringNotLike" or "ArnNotLike" or "ArnNotEquals" => !Values.Any(IsLike),
            _ => false,
        };

        bool IsLike(string pattern) => FileSystemName.MatchesSimpleExpression(pattern, value, ignoreCase: false);
    }
}
