using System.Collections.Concurrent;

namespace KmsSimulator.Policies;

/// <summary>Which organization each account belongs to, as far as the simulator was told.</summary>
internal sealed class Organizations
{
    private readonly ConcurrentDictionary<string, string> _ids = new(StringComparer.Ordinal);

    /// <summary>The organization's id, for example <c>o-a1b2c3d4e5</c>; null when the account is in none.</summary>
    public string? Of(string account) => _ids.GetValueOrDefault(account);

    public void Set(string account, string organization) => _ids[account] = organization;

    public void Reset() => _ids.Clear();
}
