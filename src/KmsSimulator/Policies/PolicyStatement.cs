using System.Collections.Immutable;
using System.IO.Enumeration;
using KmsSimulator.Sts;

namespace KmsSimulator.Policies;

/// <summary>A statement of a key policy, as far as the simulator evaluates it.</summary>
internal sealed record PolicyStatement
{
    public required bool IsAllow { get; init; }

    /// <summary>AWS principals; empty when the statement names services only.</summary>
    public required ImmutableArray<string> Principals { get; init; }

    /// <summary>Whether it is about all but those.</summary>
    public required bool IsNotPrincipal { get; init; }

    /// <summary>Action patterns; empty when there are none, and the statement has no effect.</summary>
    public required ImmutableArray<string> Actions { get; init; }

    public required bool IsNotAction { get; init; }

    public required ImmutableArray<string> Resources { get; init; }

    public required bool IsNotResource { get; init; }

    public required ImmutableArray<PolicyCondition> Conditions { get; init; }

    /// <summary>Whether the statement is about this request.</summary>
    public bool Matches(Caller caller, string action, string keyArn) =>
        !Actions.IsEmpty && !Resources.IsEmpty
        && Principals.Any(principal => Names(principal, caller)) != IsNotPrincipal
        && Actions.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, action, ignoreCase: true)) != IsNotAction
        && Resources.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, keyArn, ignoreCase: false)) != IsNotResource
        && Conditions.All(condition => condition.Holds(caller));

    /// <summary>An account in a policy stands for every principal of it that IAM allows; the simulator's IAM allows all.</summary>
    private static bool Names(string principal, Caller caller) =>
        principal == "*" || principal == caller.PrincipalArn || principal == caller.Arn || principal == caller.AccountId
        || (PolicyPrincipal.IsRoot(principal, out var account) && account == caller.AccountId);
}
