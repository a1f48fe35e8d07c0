using System.Collections.Concurrent;
using KmsSimulator.State;

namespace KmsSimulator.Policies;

/// <summary>Which roles and users exist, as far as the simulator was told.</summary>
internal sealed class PrincipalDirectory(Chance chance)
{
    private readonly ConcurrentDictionary<string, bool> _exists = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _uniqueIds = new(StringComparer.Ordinal);
    private volatile bool _strict;

    /// <summary>Whether only those exist that were named; else all do that were not deleted.</summary>
    public bool Strict
    {
        get => _strict;
        set => _strict = value;
    }

    /// <summary>Makes a principal exist, or exist again.</summary>
    public void Add(string arn) => _exists[arn] = true;

    /// <summary>Makes a principal not exist. Made again, it is another one.</summary>
    /// <returns>Its unique id, which shows up where policies named it.</returns>
    public string Delete(string arn)
    {
        _exists[arn] = false;
        var id = UniqueId(arn);
        _uniqueIds.TryRemove(arn, out _);
        return id;
    }

    /// <summary>The unique id of a role or user.</summary>
    public string UniqueId(string arn) =>
        _uniqueIds.GetOrAdd(arn, name => (name.Contains(":role/", StringComparison.Ordinal) ? "AROA" : "AIDA") + chance.Base32(17));

    public bool Exists(string arn) => _exists.TryGetValue(arn, out var exists) ? exists : !Strict;

    public void Reset()
    {
        _exists.Clear();
        _uniqueIds.Clear();
        Strict = false;
    }
}
