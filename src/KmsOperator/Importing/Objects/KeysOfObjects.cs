namespace KmsOperator.Importing.Objects;

/// <summary>Keys while the objects that belong to them are looked for.</summary>
internal sealed class KeysOfObjects
{
    private readonly List<Leftover> _left = [];
    private readonly List<ForeignSource> _kept = [];
    private readonly Dictionary<string, ForeignKey> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Group, string Kind, string? Namespace, string Name), string> _arns = [];

    /// <summary>What was found.</summary>
    public ForeignKeys ToForeignKeys() => new() { Keys = [.. _keys.Values], Left = _left, Kept = _kept };

    /// <summary>Adds a key, or another object for the same key.</summary>
    public void Add(ForeignObject source, ForeignKey key)
    {
        _arns[(source.Group, source.Kind, source.Namespace, source.Name)] = key.Arn;
        _keys[key.Arn] = _keys.TryGetValue(key.Arn, out var known) ? known with { Sources = [.. known.Sources, .. key.Sources] } : key;
    }

    /// <summary>Tells of an object that stays with the other operator.</summary>
    public void Leave(ForeignObject source, ForeignSource handle, string message)
    {
        _left.Add(new Leftover(source.Label, message));
        _kept.Add(handle);
    }

    /// <summary>ARN of the key that an object stands for.</summary>
    /// <param name="group">API group.</param>
    /// <param name="namespace">Its namespace.</param>
    /// <param name="name">Its name; null finds nothing.</param>
    public string? ArnOf(string group, string? @namespace, string? name) =>
        name is null ? null : _arns.GetValueOrDefault((group, "Key", @namespace, name)) ?? _arns.GetValueOrDefault((group, "ReplicaKey", @namespace, name));

    /// <summary>ARN of a key by its ARN or id.</summary>
    /// <param name="reference">ARN or id; null finds nothing.</param>
    /// <param name="region">The Region, where it is known: a multi-Region key has one id in several.</param>
    public string? Find(string? reference, string? region) => reference is null ? null
        : ForeignKey.IsArn(reference) ? reference
        : _keys.Values.FirstOrDefault(key => key.KeyId == reference && (region is null ? key.PrimaryArn is null : key.Region == region))?.Arn;

    /// <summary>Puts an object to its key.</summary>
    /// <returns>False where the key is not among these.</returns>
    public bool Attach(string? arn, ForeignSource source, Func<ForeignKey, ForeignKey> change)
    {
        if (arn is null || !_keys.TryGetValue(arn, out var key))
        {
            return false;
        }

        _keys[arn] = change(key) with { Sources = [.. key.Sources, source] };
        return true;
    }
}
