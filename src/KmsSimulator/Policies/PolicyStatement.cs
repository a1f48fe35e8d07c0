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

    /// <summary>Services; empty when the statement names none.</summary>
    public required ImmutableArray<string> Services { get; init; }

    /// <summary>Whether it is about all but those.</summary>
    public required bool IsNotPrincipal { get; init; }

    /// <summary>Action patterns; empty when there are none, and the statement has no effect.</summary>
    public required ImmutableArray<string> Actions { get; init; }

    public required bool IsNotAction { get; init; }

    public required ImmutableArray<string> Resources { get; init; }

    public required bool IsNotResource { get; init; }

    public required ImmutableArray<PolicyCondition> Conditions { get; init; }

    /// <summary>Whether the statement is about a request.</summary>
    public bool Matches(PolicyRequest request) =>
        !Actions.IsEmpty && !Resources.IsEmpty
        && Names(request.Caller) != IsNotPrincipal
        && Actions.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, request.Action, ignoreCase: true)) != IsNotAction
        && Resources.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, request.KeyArn, ignoreCase: false)) != IsNotResource
        && Conditions.All(condition => condition.Holds(request.ValuesOf));

    private bool Names(Caller caller) =>
        Principals.Any(principal => PolicyPrincipal.Includes(principal, caller)) || (caller.Service is { } service && Services.Contains(service));
}
