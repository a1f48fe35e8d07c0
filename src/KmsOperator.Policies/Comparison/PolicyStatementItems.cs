using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>A statement as a set of single items, so that two of them can be compared item by item.</summary>
/// <param name="Sid">Null where the statement has none.</param>
/// <param name="Text">The canonical text, which has no Sid.</param>
/// <param name="Items">
/// Where each item stands, as <c>Action</c>, <c>Principal AWS</c> or <c>Condition stringequals aws:sourceaccount</c>, and the item.
/// </param>
internal sealed record PolicyStatementItems(string? Sid, string Text, IReadOnlyList<(string Place, string Item)> Items)
{
    /// <summary>Reads a statement of a policy.</summary>
    public static PolicyStatementItems Of(JsonElement statement)
    {
        // The canonical form writes every list sorted, and a single value as a list.
        var text = CanonicalPolicy.Write($$"""{"Statement":[{{statement.GetRawText()}}]}""");
        using var canonical = JsonDocument.Parse(text);
        var only = PolicyDocument.StatementsOf(canonical.RootElement).Single();
        var items = new List<(string Place, string Item)>();
        Collect("", only, items);
        var sid = statement.TryGetProperty(nameof(Sid), out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        return new PolicyStatementItems(string.IsNullOrEmpty(sid) ? null : sid, text, items);
    }

    /// <summary>What is added and removed, place by place.</summary>
    /// <param name="other">The statement that comes in its place.</param>
    public IReadOnlyList<PlaceChange> ChangesTo(PolicyStatementItems other) =>
    [
        .. Items.Concat(other.Items).Select(item => item.Place).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(place => new PlaceChange(place, At(place, Items.Except(other.Items)), At(place, other.Items.Except(Items))))
            .Where(change => change.Removed.Count + change.Added.Count > 0),
    ];

    /// <summary>All items, for example <c>Allow, Action kms:Decrypt, Principal AWS 123456789012</c>.</summary>
    public override string ToString() => string.Join(", ", Items
        .Where(item => item.Place != "Resource")
        .GroupBy(item => item.Place, StringComparer.Ordinal)
        .OrderBy(group => group.Key == "Effect" ? "" : group.Key, StringComparer.Ordinal)
        .Select(group => $"{(group.Key == "Effect" ? "" : group.Key + " ")}{string.Join(' ', group.Select(item => item.Item))}"));

    private static string[] At(string place, IEnumerable<(string Place, string Item)> items) =>
        [.. items.Where(item => item.Place == place).Select(item => item.Item)];

    private static void Collect(string place, JsonElement value, List<(string Place, string Item)> items)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    Collect(place.Length == 0 ? member.Name : $"{place} {member.Name}", member.Value, items);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    Collect(place, item, items);
                }

                break;
            default:
                items.Add((place, value.ToString()));
                break;
        }
    }
}
