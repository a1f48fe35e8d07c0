namespace KmsOperator.Policies.Evaluation;

/// <summary>Says conditions in plain words.</summary>
public static class ConditionWords
{
    /// <summary>A condition, for example <c>through s3.eu-west-1.amazonaws.com</c>.</summary>
    public static string Of(StatementCondition condition)
    {
        var values = string.Join(" or ", condition.Values);
        var isPlain = condition.Operator is { IsNegated: false, IfExists: false, Set: SetOperator.None, Name: not "Null" };
        return (condition.Key.ToLowerInvariant(), isPlain) switch
        {
            ("kms:viaservice", true) => $"through {values}",
            ("kms:calleraccount" or "aws:principalaccount", true) => $"from account {values}",
            ("kms:grantisforawsresource", true) => values == "true" ? "grants for AWS services only" : "grants that are not for AWS services",
            ("kms:reencryptonsamekey", true) => values == "true" ? "re-encrypting with the same key" : "re-encrypting with another key",
            ("aws:principalorgid", true) => $"from organization {values}",
            ("aws:principalarn", true) => $"as {values}",
            ("aws:sourceaccount", true) => $"for resources of account {values}",
            ("aws:sourceorgid", true) => $"for resources of organization {values}",
            ("aws:sourcearn", true) => $"for resource {values}",
            (var key, true) when ConditionKeys.IsBelow(key, ConditionKeys.EncryptionContext) =>
                $"with encryption context {condition.Key[ConditionKeys.EncryptionContext.Length..]} {Relation(condition.Operator!)} {values}",
            _ => InGeneral(condition, values),
        };
    }

    /// <summary>All conditions of a statement; <c>always</c> where it has none.</summary>
    public static string Of(IReadOnlyList<StatementCondition> conditions) => conditions.Count == 0 ? "always" : string.Join(", ", conditions.Select(Of));

    private static string InGeneral(StatementCondition condition, string values)
    {
        if (condition.Operator is not { } test)
        {
            return $"{condition.OperatorText} {condition.Key} {values}";
        }

        if (test.Name == "Null")
        {
            return condition.Values.Contains("true", StringComparer.OrdinalIgnoreCase) ? $"without {condition.Key}" : $"with any {condition.Key}";
        }

        var each = test.Set switch
        {
            SetOperator.ForAllValues => $"every {condition.Key}",
            SetOperator.ForAnyValue => $"one {condition.Key}",
            _ => condition.Key,
        };
        return $"{each} {Relation(test)} {values}{(test.IfExists ? $", or without {condition.Key}" : "")}";
    }

    private static string Relation(ConditionOperator test)
    {
        var relation = test.PositiveName switch
        {
            "StringLike" or "ArnLike" or "ArnEquals" => "like",
            "StringEqualsIgnoreCase" => "is (in any case)",
            "IpAddress" => "in",
            "NumericLessThan" => "is less than",
            "NumericLessThanEquals" => "is at most",
            "NumericGreaterThan" => "is more than",
            "NumericGreaterThanEquals" => "is at least",
            "DateLessThan" or "DateLessThanEquals" => "is before",
            "DateGreaterThan" or "DateGreaterThanEquals" => "is after",
            _ => "is",
        };
        return !test.IsNegated ? relation : relation.StartsWith("is", StringComparison.Ordinal) ? $"is not{relation["is".Length..]}" : $"not {relation}";
    }
}
