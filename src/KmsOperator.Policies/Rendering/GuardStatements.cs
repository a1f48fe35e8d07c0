using System.Globalization;
using System.Text.Json;
using KmsOperator.Api;

namespace KmsOperator.Policies;

/// <summary>The statements of <c>KeyClass.spec.guards</c>. They deny, so they bind people whom IAM or the rest of the policy permits everything.</summary>
/// <remarks>
/// Source: AWS KMS developer guide, "Condition keys for AWS KMS" (<c>kms:TrailingDaysWithoutKeyUsage</c>, <c>kms:ScheduleKeyDeletionPendingWindowInDays</c>,
/// <c>kms:RotationPeriodInDays</c>); AWS IAM user guide, "AWS global condition context keys".
/// </remarks>
public static class GuardStatements
{
    private static readonly Guard[] All =
    [
        new("GuardKeysInUse", "keepKeysInUse", ["kms:DisableKey", "kms:ScheduleKeyDeletion"]),
        new("GuardPendingDeletionWindow", "minimumPendingDeletionWindowDays", ["kms:ScheduleKeyDeletion"]),
        new("GuardRotationPeriodMinimum", "rotationPeriodDays.minimum", ["kms:EnableKeyRotation"]),
        new("GuardRotationPeriodMaximum", "rotationPeriodDays.maximum", ["kms:EnableKeyRotation"]),
        new("GuardOrganization", "onlyOrganization", ["kms:*"]),
    ];

    /// <summary>The statements for the guards of a class.</summary>
    public static IReadOnlyList<JsonElement> Of(GuardsSpec? guards)
    {
        (string Operator, string Key, string? Value)[][] conditions =
        [
            [("NumericLessThanEquals", "kms:TrailingDaysWithoutKeyUsage", Text(guards?.KeepKeysInUse?.Days))],
            [("NumericLessThan", "kms:ScheduleKeyDeletionPendingWindowInDays", Text(guards?.MinimumPendingDeletionWindowDays))],
            [("NumericLessThan", "kms:RotationPeriodInDays", Text(guards?.RotationPeriodDays?.Minimum))],
            [("NumericGreaterThan", "kms:RotationPeriodInDays", Text(guards?.RotationPeriodDays?.Maximum))],
            [("StringNotEquals", "aws:PrincipalOrgID", guards?.OnlyOrganization), ("Bool", "aws:PrincipalIsAWSService", "false")],
        ];
        return [.. All.Zip(conditions).Where(pair => pair.Second[0].Value is not null).Select(pair => Write(pair.First, pair.Second))];
    }

    /// <summary>A document without the guards of these Sids.</summary>
    public static JsonElement Remove(JsonElement document, IReadOnlyCollection<string> sids) => PolicyDocument.WithoutStatements(document, sids);

    /// <summary>The guard in a key policy that may have denied a call; null when there is none for that operation.</summary>
    /// <param name="policy">The key's policy.</param>
    /// <param name="operation">The KMS operation, for example <c>DisableKey</c>.</param>
    /// <returns>The statement's Sid, and the field of the KeyClass that made it.</returns>
    public static (string Sid, string Field)? Find(string policy, string operation)
    {
        if (policy.Length == 0)
        {
            return null;
        }

        using var document = JsonDocument.Parse(policy);
        var present = PolicyDocumentCheck.SidsOf(document.RootElement);
        return All.FirstOrDefault(guard => present.Contains(guard.Sid) && guard.Actions.Any(action => action == "kms:*" || action == $"kms:{operation}")) is { } found
            ? (found.Sid, $"spec.guards.{found.Field}")
            : null;
    }

    private static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static JsonElement Write(Guard guard, IReadOnlyList<(string Operator, string Key, string? Value)> conditions)
    {
        using var document = JsonDocument.Parse(PolicyText.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("Sid", guard.Sid);
            json.WriteString("Effect", "Deny");
            json.WriteStartObject("Principal");
            json.WriteString("AWS", "*");
            json.WriteEndObject();
            json.WriteStartArray("Action");
            foreach (var action in guard.Actions)
            {
                json.WriteStringValue(action);
            }

            json.WriteEndArray();
            json.WriteString("Resource", "*");
            json.WriteStartObject("Condition");
            foreach (var (name, key, value) in conditions)
            {
                json.WriteStartObject(name);
                json.WriteString(key, value);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }));
        return document.RootElement.Clone();
    }

    private sealed record Guard(string Sid, string Field, IReadOnlyList<string> Actions);
}
