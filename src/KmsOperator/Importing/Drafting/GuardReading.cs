using System.Globalization;
using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>
/// The statements of a class's guards in policies of keys. A class puts them into the policy of every one of its keys, so it may have a guard only where all its keys have the statement; then no
/// manifest says it again.
/// </summary>
internal static class GuardReading
{
    private const int DefaultPeriodDays = 365;

    /// <summary>The guard that has a value in its condition; null where no guard can have it.</summary>
    private static readonly Func<string, GuardsSpec?>[] Guards =
    [
        value => Days(value) is { } days ? new GuardsSpec { KeepKeysInUse = new KeepKeysInUseSpec { Days = days } } : null,
        value => Days(value) is { } days ? new GuardsSpec { MinimumPendingDeletionWindowDays = days } : null,
        value => Days(value) is { } days ? new GuardsSpec { RotationPeriodDays = new RotationPeriodLimitsSpec { Minimum = days } } : null,
        value => Days(value) is { } days ? new GuardsSpec { RotationPeriodDays = new RotationPeriodLimitsSpec { Maximum = days } } : null,
        value => new GuardsSpec { OnlyOrganization = value },
    ];

    /// <summary>The guards that all keys of a class have, and that none of them breaks; null for none.</summary>
    /// <param name="keys">The keys with their policies, one at least.</param>
    public static GuardsSpec? FindCommon(IReadOnlyList<(ForeignKey Key, JsonElement Policy)> keys)
    {
        GuardsSpec? common = null;
        foreach (var guard in Guards)
        {
            var value = keys.Select(one => ValuesOf(one.Policy, guard).ToArray()).Aggregate((left, right) => [.. left.Intersect(right)]).FirstOrDefault();
            var more = value is null ? null : Join(common, guard(value)!);

            // A class can have no limits that its keys' rotation breaks, nor limits between which there is nothing.
            if (more is not null && Permits(more) && keys.All(one => Keeps(one.Key, more.RotationPeriodDays)))
            {
                common = more;
            }
        }

        return common;
    }

    /// <summary>A policy without the statements of guards.</summary>
    public static JsonElement Remove(JsonElement policy, GuardsSpec guards)
    {
        HashSet<string> statements = [.. TextsOf(guards)];
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var member in policy.EnumerateObject().Where(member => member.Name != "Statement"))
            {
                member.WriteTo(json);
            }

            json.WriteStartArray("Statement");
            foreach (var statement in ComparedStatement.Of(policy).Where(statement => !statements.Contains(statement.Text)))
            {
                statement.Element.WriteTo(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        using var changed = JsonDocument.Parse(buffer.ToArray());
        return changed.RootElement.Clone();
    }

    /// <summary>The values with which a guard gives a statement of the policy.</summary>
    private static IEnumerable<string> ValuesOf(JsonElement policy, Func<string, GuardsSpec?> guard) =>
        from statement in ComparedStatement.Of(policy)
        from value in ConditionValuesOf(statement)
        where guard(value) is { } spec && Permits(spec) && TextsOf(spec).Contains(statement.Text)
        select value;

    private static IEnumerable<string> ConditionValuesOf(ComparedStatement statement)
    {
        // The text has every value as a text in a list, whatever its author wrote.
        using var canonical = JsonDocument.Parse(statement.Text);
        var only = canonical.RootElement.Clone().GetProperty("Statement")[0];
        return !only.TryGetProperty("Condition", out var condition) || condition.ValueKind != JsonValueKind.Object ? [] :
            from test in condition.EnumerateObject()
            where test.Value.ValueKind == JsonValueKind.Object
            from key in test.Value.EnumerateObject()
            where key.Value.ValueKind == JsonValueKind.Array && key.Value.GetArrayLength() == 1 && key.Value[0].ValueKind == JsonValueKind.String
            select key.Value[0].GetString()!;
    }

    private static IEnumerable<string> TextsOf(GuardsSpec guards)
    {
        using var document = JsonDocument.Parse($$"""{"Statement":[{{string.Join(',', GuardStatements.Of(guards).Select(statement => statement.GetRawText()))}}]}""");
        return ComparedStatement.Of(document.RootElement.Clone()).Select(statement => statement.Text);
    }

    private static GuardsSpec Join(GuardsSpec? left, GuardsSpec right) => left is null ? right : new GuardsSpec
    {
        KeepKeysInUse = left.KeepKeysInUse ?? right.KeepKeysInUse,
        MinimumPendingDeletionWindowDays = left.MinimumPendingDeletionWindowDays ?? right.MinimumPendingDeletionWindowDays,
        RotationPeriodDays = left.RotationPeriodDays is not { } limits ? right.RotationPeriodDays : limits with { Maximum = limits.Maximum ?? right.RotationPeriodDays?.Maximum },
        OnlyOrganization = left.OnlyOrganization ?? right.OnlyOrganization,
    };

    private static bool Keeps(ForeignKey key, RotationPeriodLimitsSpec? limits) =>
        key.Rotation is not { Enabled: true } rotation || !((rotation.PeriodDays ?? DefaultPeriodDays) < limits?.Minimum || (rotation.PeriodDays ?? DefaultPeriodDays) > limits?.Maximum);

    /// <summary>Whether a class may have the guards, whatever its rotation.</summary>
    private static bool Permits(GuardsSpec guards) =>
        SpecValidation.Validate(new KeyClass { Spec = new KeyClassSpec { Guards = guards, Rotation = new RotationSpec { Enabled = false }, PendingDeletionWindowDays = 30 } })
            .All(error => !error.Field.StartsWith("spec.guards", StringComparison.Ordinal));

    private static int? Days(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days.ToString(CultureInfo.InvariantCulture) == value ? days : null;
}
