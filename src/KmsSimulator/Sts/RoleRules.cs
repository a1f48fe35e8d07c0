using System.Collections.Concurrent;

namespace KmsSimulator.Sts;

/// <summary>What it takes to assume a role.</summary>
/// <param name="ExternalId">The external id that must be given; null for none.</param>
/// <param name="Deny">Whether nobody may.</param>
internal sealed record RoleRule(string? ExternalId, bool Deny)
{
    public bool Admits(string? externalId) => !Deny && (ExternalId is null || ExternalId == externalId);
}

/// <summary>The roles about which something was said. Every other role exists and trusts everybody.</summary>
internal sealed class RoleRules
{
    private readonly ConcurrentDictionary<string, RoleRule> _rules = new(StringComparer.Ordinal);

    public void Set(string roleArn, RoleRule rule) => _rules[roleArn] = rule;

    public bool Admits(string roleArn, string? externalId) => !_rules.TryGetValue(roleArn, out var rule) || rule.Admits(externalId);

    public void Reset() => _rules.Clear();
}
