using System.Text.Json;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>
/// Finds what <c>spec.serviceParameters</c> may be for a service's policy. It renders a mark in the place of the values, and reads what the policy has where the mark stands: where
/// that is, the catalogue alone says.
/// </summary>
internal static class ParameterReading
{
    private const string Mark = "the-value-of-the-parameter";

    private static readonly Dictionary<string, IReadOnlyList<string>> Defaults = [];

    /// <summary>No values, and then each list of values that some statement has. Whether one of them gives the policy is for the caller to see.</summary>
    /// <param name="statements">The policy.</param>
    /// <param name="request">The generated policy, without parameters.</param>
    public static IEnumerable<IReadOnlyDictionary<string, IReadOnlyList<string>>> Find(IReadOnlyList<ComparedStatement> statements, PolicyRequest request)
    {
        yield return Defaults;
        if (request.Service is null)
        {
            yield break;
        }

        // No service has two: otherwise their values would have to be combined.
        foreach (var name in ServiceCatalogue.Services[request.Service].Parameters.Keys)
        {
            var places = PolicyReading.Render(request with { Parameters = new Dictionary<string, IReadOnlyList<string>> { [name] = [Mark] } })
                .SelectMany(statement => ValuesOf(statement.Element))
                .Where(place => place.Value.StartsWith(Mark, StringComparison.Ordinal))
                .Select(place => (place.Place, Ending: place.Value[Mark.Length..])).Distinct().ToArray();
            var found = new HashSet<string>(StringComparer.Ordinal);
            foreach (var statement in statements)
            {
                var values = ValuesOf(statement.Element).ToArray();
                foreach (var (place, ending) in places)
                {
                    string[] candidate = [.. values.Where(one => string.Equals(one.Place, place, StringComparison.OrdinalIgnoreCase) && one.Value.EndsWith(ending, StringComparison.Ordinal))
                        .Select(one => one.Value[..^ending.Length]).Distinct().Order(StringComparer.Ordinal)];
                    if (candidate.Length > 0 && found.Add(string.Join('\n', candidate)))
                        yield return new Dictionary<string, IReadOnlyList<string>> { [name] = candidate };
                }
            }
        }
    }

    /// <summary>The values of conditions, and the principals: where a parameter can stand.</summary>
    private static IEnumerable<(string Place, string Value)> ValuesOf(JsonElement statement) =>
        Members(statement, "Principal").SelectMany(type => Strings(type.Value).Select(value => ($"Principal {type.Name}", value)))
            .Concat(Members(statement, "Condition").SelectMany(one => Members(statement.GetProperty("Condition"), one.Name)
                .SelectMany(key => Strings(key.Value).Select(value => ($"{one.Name} {key.Name}", value)))));

    private static JsonElement.ObjectEnumerator Members(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : default;

    private static IEnumerable<string> Strings(JsonElement value) =>
        (value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : (IEnumerable<JsonElement>)[value]).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!);
}
