using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Planning.Cel;

namespace KmsOperator.Testing.ApiServer;

/// <summary>Holds an object against its schema, CEL rules included.</summary>
/// <remarks>Wording and order follow kube-apiserver's. Source: apiextensions-apiserver, pkg/apiserver/validation.</remarks>
internal sealed class SchemaValidation
{
    private readonly List<FieldCause> _causes = [];
    private readonly JsonObject? _before;

    private SchemaValidation(JsonObject? before) => _before = before;

    /// <summary>All that is wrong with an object.</summary>
    /// <param name="schema">The schema of its kind.</param>
    /// <param name="now">The object.</param>
    /// <param name="before">The object before an update; null when it is created.</param>
    public static IReadOnlyList<FieldCause> Check(StructuralSchema schema, JsonObject now, JsonObject? before)
    {
        var validation = new SchemaValidation(before);
        validation.Node("", now, schema);
        if (schema.HasRules && !validation._causes.Any(cause => cause.IsBlocking))
            validation.Rules("", now, before, schema);
        return validation._causes;
    }

    private void Node(string path, JsonNode? node, StructuralSchema schema)
    {
        if (node is null)
        {
            if (!schema.IsNullable && schema.Type is { } expected)
                Add(path, $"Invalid value: \"null\": {path} in body must be of type {expected}: \"null\"", true);
            return;
        }

        if (schema.Type is { } type && !HasType(node, type))
        {
            var actual = TypeOf(node);
            Add(path, $"Invalid value: \"{actual}\": {path} in body must be of type {type}: \"{actual}\"", true);
            return;
        }

        if (schema.Enum is { } values && !values.Any(value => JsonNode.DeepEquals(value, node)))
            Add(path, $"Unsupported value: {node.ToJsonString()}: supported values: {string.Join(", ", values.Select(value => value!.ToJsonString()))}", false);
        switch (node)
        {
            case JsonObject map:
                Map(path, map, schema);
                break;
            case JsonArray list:
                List(path, list, schema);
                break;
            default:
                if (node.GetValueKind() == JsonValueKind.String)
                    Text(path, node.GetValue<string>(), schema);
                else if (node.GetValueKind() == JsonValueKind.Number)
                    Number(path, node, schema);
                break;
        }
    }

    private void Map(string path, JsonObject map, StructuralSchema schema)
    {
        foreach (var name in schema.Required.Where(name => !map.ContainsKey(name)))
            Add(Join(path, name), "Required value", true);
        if (map.Count > schema.MaxProperties)
            Add(path, string.Create(CultureInfo.InvariantCulture, $"Too many: {map.Count}: must have at most {schema.MaxProperties} items"), true);
        if (map.Count < schema.MinProperties)
            Add(path, string.Create(CultureInfo.InvariantCulture, $"Invalid value: {map.Count}: {path} in body should have at least {schema.MinProperties} properties"), false);
        foreach (var (name, value) in map)
        {
            // Metadata is checked by other rules than the schema's.
            if (path.Length == 0 && (name == "metadata" || IsUnchanged(name, value)))
                continue;
            if (schema.Field(name) is { } field)
                Node(Join(path, name), value, field);
        }
    }

    /// <summary>Whether a part of the object is as it was stored: an update does not check that again, also where the schema has changed (ratcheting).</summary>
    private bool IsUnchanged(string name, JsonNode? value) => _before is not null && _before.TryGetPropertyValue(name, out var before) && JsonNode.DeepEquals(before, value);

    private void List(string path, JsonArray list, StructuralSchema schema)
    {
        if (list.Count > schema.MaxItems)
            Add(path, string.Create(CultureInfo.InvariantCulture, $"Too many: {list.Count}: must have at most {schema.MaxItems} items"), true);
        if (list.Count < schema.MinItems)
            Add(path, string.Create(CultureInfo.InvariantCulture, $"Invalid value: {list.Count}: {path} in body should have at least {schema.MinItems} items"), false);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++)
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            Node(place, list[i], schema.Item);
            if (schema.Merge == MergeRelationship.Granular && FieldPath.OfItem(list[i], schema) is { } key && !seen.Add(key))
                Add(place, $"Duplicate value: {key[2..]}", false);
        }
    }

    private void Text(string path, string text, StructuralSchema schema)
    {
        var length = text.EnumerateRunes().Count();
        if (length < schema.MinLength)
            Add(path, string.Create(CultureInfo.InvariantCulture, $"Invalid value: {Quoted(text)}: {path} in body should be at least {schema.MinLength} chars long"), false);
        if (length > schema.MaxLength)
            Add(path, string.Create(CultureInfo.InvariantCulture, $"Too long: may not be more than {schema.MaxLength} bytes"), true);
        if (schema.Pattern is { } pattern && !pattern.IsMatch(text))
            Add(path, $"Invalid value: {Quoted(text)}: {path} in body should match '{schema.PatternText}'", false);
        if (schema.Format == "date-time" && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            Add(path, $"Invalid value: {Quoted(text)}: {path} in body must be of type date-time: {Quoted(text)}", false);
    }

    private void Number(string path, JsonNode node, StructuralSchema schema)
    {
        var number = JsonNumber.ToDouble(node);
        if (number < schema.Minimum)
            Add(path, string.Create(CultureInfo.InvariantCulture, $"Invalid value: {node.ToJsonString()}: {path} in body should be greater than or equal to {schema.Minimum}"), false);
        if (number > schema.Maximum)
            Add(path, string.Create(CultureInfo.InvariantCulture, $"Invalid value: {node.ToJsonString()}: {path} in body should be less than or equal to {schema.Maximum}"), false);
    }

    /// <summary>Rules about <c>oldSelf</c> apply where the value before can be told: not in lists that are sets or atomic.</summary>
    private void Rules(string path, JsonNode? now, JsonNode? before, StructuralSchema schema)
    {
        if (now is null || !schema.HasRules)
            return;
        if (schema.Rules.Count > 0)
        {
            // What has not changed was checked when it was stored, which saves most of the work: nearly all writes change the status alone.
            var isUnchanged = before is not null && JsonNode.DeepEquals(now, before);
            var rules = schema.Rules.Where(rule => rule.IsTransition || !isUnchanged).ToArray();
            var self = rules.Length > 0 ? CelValue.Of(now) : null;
            var oldSelf = before is not null && rules.Any(rule => rule.IsTransition) ? CelValue.Of(before) : null;
            foreach (var rule in rules)
            {
                var field = (path + rule.FieldPath).TrimStart('.');
                if (rule.FindViolation(self!, oldSelf) is { } violation)
                    Add(field.Length == 0 ? "<nil>" : field, $"Invalid value: {Shown(now)}: {violation.Message}", false);
            }
        }

        switch (now)
        {
            case JsonObject map:
                foreach (var (name, value) in map)
                {
                    if (schema.Field(name) is { } field)
                        Rules(Join(path, name), value, (before as JsonObject)?[name], field);
                }
                break;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                {
                    var old = schema.MapKeys.Count > 0 && FieldPath.OfItem(list[i], schema) is { } key
                        ? (before as JsonArray)?.FirstOrDefault(item => FieldPath.OfItem(item, schema) == key)
                        : null;
                    Rules(string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), list[i], old, schema.Item);
                }
                break;
            default:
                break;
        }
    }

    private static string Shown(JsonNode node) => node switch
    {
        JsonObject => "\"object\"",
        JsonArray => "\"array\"",
        _ => node.ToJsonString(),
    };

    private void Add(string field, string message, bool isBlocking) => _causes.Add(new(field, message, isBlocking));

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Quoted(string text) => new StringBuilder().Append('"').Append(text.Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"').ToString();

    private static bool HasType(JsonNode node, string type)
    {
        var actual = TypeOf(node);
        return actual == type || (type == "number" && actual == "integer");
    }

    private static string TypeOf(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => JsonNumber.IsInteger(node, out _) ? "integer" : "number",
    };
}
