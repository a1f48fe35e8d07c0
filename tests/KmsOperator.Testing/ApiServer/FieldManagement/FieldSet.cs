using System.Text.Json.Nodes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>A set of fields of an object: a tree by path, in which each node may itself be in the set.</summary>
/// <remarks>Source: structured-merge-diff, fieldpath/set.go and serialize.go.</remarks>
internal sealed class FieldSet
{
    private readonly SortedList<string, FieldSet> _children = new(StringComparer.Ordinal);
    private bool _isMember;

    public bool IsEmpty => !_isMember && _children.Values.All(child => child.IsEmpty);

    /// <summary>Adds the field at the end of a path.</summary>
    public void Add(List<string> path)
    {
        var set = this;
        foreach (var step in path)
            set = set.ChildOrNew(step);
        set._isMember = true;
    }

    /// <summary>Whether the other set has all fields of this one.</summary>
    public bool IsSubsetOf(FieldSet other)
    {
        if (_isMember && !other._isMember)
            return false;
        foreach (var (step, child) in _children)
        {
            if (!(other._children.TryGetValue(step, out var others) ? child.IsSubsetOf(others) : child.IsEmpty))
                return false;
        }
        return true;
    }

    /// <summary>Whether the set has the field that is one step away.</summary>
    public bool Has(string step) => _children.TryGetValue(step, out var child) && child._isMember;

    /// <summary>What the set has below one step.</summary>
    public FieldSet? Below(string step) => _children.TryGetValue(step, out var child) && child._children.Count > 0 ? child : null;

    public FieldSet Union(FieldSet other)
    {
        // Parts that only one of the sets has are shared: a set does not change once it is in another one.
        var result = new FieldSet { _isMember = _isMember || other._isMember };
        foreach (var (step, child) in _children)
            result._children[step] = other._children.TryGetValue(step, out var others) ? child.Union(others) : child;
        foreach (var (step, child) in other._children)
            result._children.TryAdd(step, child);
        return result;
    }

    public FieldSet Intersection(FieldSet other)
    {
        var result = new FieldSet { _isMember = _isMember && other._isMember };
        foreach (var (step, child) in _children)
        {
            if (other._children.TryGetValue(step, out var others) && child.Intersection(others) is { IsEmpty: false } common)
                result._children[step] = common;
        }
        return result;
    }

    /// <summary>The fields of this set that are not in the other, which may still have fields below those.</summary>
    public FieldSet Difference(FieldSet other)
    {
        var result = new FieldSet { _isMember = _isMember && !other._isMember };
        foreach (var (step, child) in _children)
        {
            if ((other._children.TryGetValue(step, out var others) ? child.Difference(others) : child) is { IsEmpty: false } rest)
                result._children[step] = rest;
        }
        return result;
    }

    /// <summary>The set with another set in the place of what is one step away.</summary>
    /// <param name="replacement">What to put there; null to leave it as it is.</param>
    public FieldSet Replace(Func<string, FieldSet?> replacement)
    {
        var result = new FieldSet { _isMember = _isMember };
        foreach (var (step, child) in _children)
        {
            if ((replacement(step) ?? child) is { IsEmpty: false } kept)
                result._children[step] = kept;
        }
        return result;
    }

    /// <summary>The set without its own root.</summary>
    public FieldSet AsNoMember()
    {
        _isMember = false;
        return this;
    }

    /// <summary>The set and all fields of objects on the way to its fields.</summary>
    public FieldSet WithNamedFields(StructuralSchema schema)
    {
        var result = new FieldSet { _isMember = _isMember };
        foreach (var (step, child) in _children)
        {
            var isField = step.StartsWith("f:", StringComparison.Ordinal);
            var below = isField ? schema.Field(step[2..]) ?? StructuralSchema.Unknown : schema.Item;
            var extended = child.WithNamedFields(below);
            if (isField && child._children.Count > 0 && schema.Properties.ContainsKey(step[2..]))
                extended._isMember = true;
            result._children[step] = extended;
        }
        return result;
    }

    /// <summary>The paths in the set, for messages.</summary>
    public IEnumerable<string> Paths(string prefix = "")
    {
        foreach (var (step, child) in _children)
        {
            var path = step[0] == 'f' ? $"{prefix}.{step[2..]}" : $"{prefix}[{Selector(step)}]";
            if (child._isMember)
                yield return path;
            foreach (var below in child.Paths(path))
                yield return below;
        }
    }

    /// <summary>As <c>fieldsV1</c>. The root, the object itself, is no field (measured on 1.36).</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach (var (step, child) in _children.Where(entry => !entry.Value.IsEmpty))
        {
            var below = child.ToJson();
            if (child._isMember && child._children.Count > 0)
                below.Insert(0, ".", new JsonObject());
            json[step] = below;
        }
        return json;
    }

    /// <summary>Reads <c>fieldsV1</c>.</summary>
    public static FieldSet Parse(JsonObject json)
    {
        var result = new FieldSet();
        foreach (var (step, child) in json)
        {
            if (step == ".")
                result._isMember = true;
            else
                result._children[step] = Parse(child!.AsObject());
        }
        // A leaf is in the set, or it would not be there. The root is no field.
        foreach (var child in result._children.Values.Where(child => child._children.Count == 0))
            child._isMember = true;
        return result;
    }

    private static string Selector(string step) => step[0] == 'k'
        ? string.Join(",", JsonNode.Parse(step[2..])!.AsObject().Select(key => $"{key.Key}={key.Value!.ToJsonString()}"))
        : $"={step[2..]}";

    private FieldSet ChildOrNew(string step)
    {
        if (!_children.TryGetValue(step, out var child))
            _children[step] = child = new FieldSet();
        return child;
    }
}
