namespace KmsOperator.Policies.Linting;

/// <summary>How much a finding weighs; the words are SARIF's levels.</summary>
public enum LintSeverity
{
    /// <summary>Worth knowing.</summary>
    Note,

    /// <summary>To be looked at: right in some policies.</summary>
    Warning,

    /// <summary>Wrong, or dangerous whatever the policy is for.</summary>
    Error,
}

/// <summary>What the linter looks for. Ids are stable: one that goes is not given to another rule.</summary>
/// <param name="Id">For example <c>KMS101</c>.</param>
/// <param name="Name">Words for people, for example <c>public-principal</c>.</param>
/// <param name="Severity">How much its findings weigh.</param>
/// <param name="Explanation">What is wrong with it, and what to do.</param>
/// <param name="Link">AWS's page about it, or the project's own.</param>
public sealed record LintRule(string Id, string Name, LintSeverity Severity, string Explanation, string Link)
{
    /// <summary>The severity in small letters, which is SARIF's level.</summary>
    public string Level => Severity.ToString().ToLowerInvariant();
}

/// <summary>Something that a rule found in a policy.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Statement">Index of the statement; null for the policy as a whole.</param>
/// <param name="Element">Where in the statement, for example <c>Action</c>; null for the statement as a whole.</param>
/// <param name="Message">What was found.</param>
public sealed record PolicyFinding(LintRule Rule, int? Statement, string? Element, string Message);
