using System.Collections.Concurrent;
using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Policies;

/// <summary>Which roles, users and accounts exist, as far as the simulator was told.</summary>
internal sealed class PrincipalDirectory(Seed seed)
{
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private readonly ConcurrentDictionary<string, bool> _exists = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _accounts = new(StringComparer.Ordinal);

    // How often each was deleted: made again, it is another one.
    private readonly ConcurrentDictionary<string, int> _incarnations = new(StringComparer.Ordinal);
    private volatile bool _strict;

    /// <summary>Whether only those exist that were named; else all do that were not deleted.</summary>
    public bool Strict
    {
        get => _strict;
        set => _strict = value;
    }

    /// <summary>Makes a role, a user or an account (12 digits) exist, or exist again.</summary>
    public void Add(string name) => (PolicyPrincipal.IsAccountId(name) ? _accounts : _exists)[name] = true;

    /// <summary>Makes an account (12 digits) not exist.</summary>
    public void DeleteAccount(string id) => _accounts[id] = false;

    /// <summary>Makes a principal not exist. Made again, it is another one.</summary>
    /// <returns>Its unique id, which shows up where policies named it.</returns>
    public string Delete(string arn)
    {
        _exists[arn] = false;
        var id = UniqueId(arn);
        _incarnations.AddOrUpdate(arn, 1, (_, count) => count + 1);
        return id;
    }

    /// <summary>The unique id of a role or user.</summary>
    public string UniqueId(string arn)
    {
        var bytes = seed.Bytes($"{arn}/{_incarnations.GetValueOrDefault(arn)}");
        return (arn.Contains(":role/", StringComparison.Ordinal) ? "AROA" : "AIDA")
            + string.Concat(bytes.Take(17).Select(value => Base32[value % Base32.Length]));
    }

    /// <summary>Whether there is such a principal: a role, a user, a session of a role, an account. All others exist.</summary>
    public bool Exists(string principal)
    {
        if (PolicyPrincipal.IsRoleOrUser(principal))
            return _exists.TryGetValue(principal, out var exists) ? exists : !Strict;
        if (PolicyPrincipal.IsSession(principal, out var account, out var role))
            return SessionsRoleExists(account, role);
        if (PolicyPrincipal.IsAccountId(principal) || PolicyPrincipal.IsRoot(principal, out principal))
            return AccountExists(principal);
        return true;
    }

    public void Reset()
    {
        _exists.Clear();
        _accounts.Clear();
        _incarnations.Clear();
        Strict = false;
    }

    /// <summary>A session's ARN has the role's name without its path; names are unique in an account whatever the path.</summary>
    private bool SessionsRoleExists(string account, string role)
    {
        var known = _exists.Where(entry => RoleArn.Parse(entry.Key) is { } arn && arn.AccountId == account && arn.Name == role).ToArray();
        return known.Length == 0 ? !Strict : known.Any(entry => entry.Value);
    }

    /// <summary>Accounts are often of no concern to a test: which exist is known only once one of them was listed.</summary>
    private bool AccountExists(string id) =>
        _accounts.TryGetValue(id, out var exists) ? exists : !Strict || !_accounts.Values.Contains(true);
}
