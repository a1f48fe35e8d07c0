using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using KmsSimulator.Protocol;

namespace KmsSimulator.Sts;

/// <summary>Whose an access key is. Any is accepted; those that STS gave belong to the role's account, all others to 123456789012.</summary>
internal sealed partial class CredentialStore
{
    /// <summary>The account of all credentials that STS did not give.</summary>
    public const string DefaultAccount = "123456789012";

    private static readonly Caller Default = new(
        DefaultAccount, $"arn:aws:iam::{DefaultAccount}:user/simulated", $"arn:aws:iam::{DefaultAccount}:user/simulated", "AIDASIMULATED0000000");

    private readonly ConcurrentDictionary<string, Caller> _issued = new();
    private readonly ConcurrentDictionary<string, RoleRule> _roles = new();

    /// <summary>Who owns an access key.</summary>
    public Caller Find(string? accessKeyId) => accessKeyId is not null && _issued.TryGetValue(accessKeyId, out var caller) ? caller : Default;

    /// <summary>Remembers an access key.</summary>
    public void Issue(string accessKeyId, Caller caller) => _issued[accessKeyId] = caller;

    /// <summary>Sets what it takes to assume a role.</summary>
    public void SetRole(string arn, RoleRule rule) => _roles[arn] = rule;

    /// <summary>What it takes to assume a role; nothing, unless that was set.</summary>
    public RoleRule RuleFor(string arn) => _roles.GetValueOrDefault(arn, RoleRule.Open);

    /// <summary>Forgets role rules; credentials stay valid, as they would.</summary>
    public void Reset() => _roles.Clear();

    /// <summary>Account and name of a role, from its ARN.</summary>
    public static (string Account, string Name)? ParseRole(string arn) =>
        RoleArn().Match(arn) is { Success: true } match ? (match.Groups["account"].Value, match.Groups["name"].Value) : null;

    [GeneratedRegex(@"^arn:aws[a-z-]*:iam::(?<account>[0-9]{12}):role/([\w+=,.@-]+/)*(?<name>[\w+=,.@-]{1,64})$", RegexOptions.ExplicitCapture)]
    private static partial Regex RoleArn();
}

/// <summary>What it takes to assume a role.</summary>
/// <param name="ExternalId">External id that must be given; null for none.</param>
/// <param name="Deny">Whether nobody may.</param>
internal sealed record RoleRule(string? ExternalId, bool Deny)
{
    public static RoleRule Open { get; } = new(null, false);
}
