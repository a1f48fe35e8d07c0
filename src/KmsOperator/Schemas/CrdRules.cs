using System.Globalization;
using System.Text.Json.Nodes;
using KmsOperator.Planning.Cel;

namespace KmsOperator.Schemas;

/// <summary>Holds a resource to the CEL rules of its CRD, where the API server would: at each value that is there.</summary>
internal sealed class CrdRules
{
    private readonly List<(string Field, RuleViolation Violation)> _found = [];

    private CrdRules()
    {
    }

    /// <summary>The rules that do not hold, each with the path of its value, in the order of the resource's fields.</summary>
    /// <param name="schema">The schema of its kind.</param>
    /// <param name="resource">The resource. Defaults are filled into a copy.</param>
    /// <param name="before">The resource before a change; null where it is new, so that rules about changes hold.</param>
    public static IReadOnlyList<(string Field, RuleViolation Violation)> Check(CrdSchema schema, JsonObject resource, JsonObject? before = null)
    {
        var check = new CrdRules();
        check.Value("", Filled(schema, resource)!, Filled(schema, before), schema);
        return check._found;
    }

    private static CelValue? Filled(CrdSchema schema, JsonObject? resource)
    {
        var copy = resource?.DeepClone();
        schema.FillDefaults(copy);
        return copy is null ? null : CelValue.Of(copy);
    }

    private void Value(string path, CelValue now, CelValue? before, CrdSchema schema)
    {
        foreach (var rule in schema.Rules)
        {
            if (rule.FindViolation(now, before) is { } violation)
            {
                _found.Add(((path + rule.FieldPath).TrimStart('.'), violation));
            }
        }

        switch (now)
        {
            case CelMap map:
                foreach (var (key, value) in map.Entries)
                {
                    var name = ((CelString)key).Value;
                    if (value is not CelNull && schema.Field(name) is { } field)
                    {
                        Value($"{path}.{name}", value, (before as CelMap)?.Entries.GetValueOrDefault(key), field);
                    }
                }

                break;
            case CelList list when schema.Items is { } items:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    Value(string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), list.Items[i], SameItem(list.Items[i], before as CelList, schema), items);
                }

                break;
        }
    }

    /// <summary>Which item it was before. Only the keys of a list that is a map say that.</summary>
    private static CelValue? SameItem(CelValue now, CelList? before, CrdSchema schema) =>
        schema.MapKeys.Count == 0 ? null : before?.Items.FirstOrDefault(item => schema.MapKeys.All(key => KeyOf(item, key) is { } value && value == KeyOf(now, key)));

    private static CelValue? KeyOf(CelValue item, string key) => (item as CelMap)?.Entries.GetValueOrDefault(new CelString(key));
}
