using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace KmsSimulator.Policies;

/// <summary>Which IAM principals exist, as far as the simulator was told.</summary>
internal sealed partial class PrincipalDirectory
{
    private readonly ConcurrentDictionary<string, bool> _existing = new();
    private readonly ConcurrentDictionary<string, bool> _deleted = new();

    /// <summary>Whether only the principals that were named exist; else every well-formed one does.</summary>
    public bool Strict { get; set; }

    /// <summary>Makes a principal exist (again).</summary>
    public void Add(string arn) => _existing[arn] = true;

    /// <summary>Deletes a principal: no policy may name it any more.</summary>
    public void Delete(string arn)
    {
        _existing.TryRemove(arn, out _);
        _deleted[arn] = true;
    }

    /// <summary>Whether a policy may name this principal.</summary>
    public bool Exists(string name) =>
        name == "*" || Account().IsMatch(name)
        || (Iam().Match(name) is { Success: true } match
            && (match.Groups["kind"].Value == "root" || (Strict ? _existing.ContainsKey(name) : !_deleted.ContainsKey(name) || _existing.ContainsKey(name))))
        || Sts().IsMatch(name);

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        _existing.Clear();
        _deleted.Clear();
        Strict = false;
    }

    [GeneratedRegex("^[0-9]{12}$")]
    private static partial Regex Account();

    [GeneratedRegex("^arn:aws[a-z-]*:iam::[0-9]{12}:(?<kind>root|role/.+|user/.+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Iam();

    [GeneratedRegex("^arn:aws[a-z-]*:sts::[0-9]{12}:(assumed-role|federated-user)/.+$", RegexOptions.ExplicitCapture)]
    private static partial Regex Sts();
}
