namespace KmsOperator.Policies.Evaluation;

/// <summary>Says what a key policy says to a request. Grants and IAM policies are not looked at.</summary>
/// <remarks>
/// The simulator has an evaluator of its own, so that each is a check of the other; a property test compares them.
/// Source: AWS KMS developer guide, "Key policies in AWS KMS"; IAM user guide, "Policy evaluation logic".
/// </remarks>
public static class PolicyEvaluator
{
    /// <summary>Decides.</summary>
    public static AccessDecision Decide(IReadOnlyList<PolicyStatement> statements, AccessRequest request)
    {
        StatementMatch[] matches = [.. statements.Select(statement => statement.Match(request))];
        var denied = matches.Where(match => !match.Statement.IsAllow).Select(match => match.Applies).Any();
        var allowed = matches.Where(match => match.Statement.IsAllow).Select(match => match.Applies).Any();
        var result = denied == Answer.Yes ? AccessResult.Denied
            : allowed == Answer.No ? AccessResult.NotAllowed
            : allowed == Answer.Yes && denied == Answer.No ? AccessResult.Allowed
            : AccessResult.Unknown;
        return new AccessDecision(result, matches);
    }
}

/// <summary>What a key policy says to a request.</summary>
public enum AccessResult
{
    /// <summary>No statement allows it.</summary>
    NotAllowed,

    /// <summary>A statement allows it and none denies it.</summary>
    Allowed,

    /// <summary>A statement denies it, and nothing can allow it.</summary>
    Denied,

    /// <summary>It depends on values of the request that are not known.</summary>
    Unknown,
}

/// <summary>A decision with its reasons.</summary>
/// <param name="Result">What the policy says.</param>
/// <param name="Statements">Every statement, held against the request.</param>
public sealed record AccessDecision(AccessResult Result, IReadOnlyList<StatementMatch> Statements)
{
    /// <summary>The statements that decide: those that deny if one does, else those that allow, else those on which it depends.</summary>
    public IEnumerable<StatementMatch> Deciding => Result switch
    {
        AccessResult.Denied => Statements.Where(match => !match.Statement.IsAllow && match.Applies == Answer.Yes),
        AccessResult.Allowed => Statements.Where(match => match.Statement.IsAllow && match.Applies == Answer.Yes),
        AccessResult.Unknown => Statements.Where(match => match.Applies == Answer.Unknown || (match.Statement.IsAllow && match.Applies == Answer.Yes)),
        _ => [],
    };
}

/// <summary>One statement, held against a request.</summary>
/// <remarks>Conditions are evaluated when somebody asks for them, and only if the other parts fit when <see cref="Applies"/> asks.</remarks>
public sealed class StatementMatch
{
    private readonly AccessRequest _request;
    private ConditionMatch[]? _conditions;

    internal StatementMatch(PolicyStatement statement, AccessRequest request)
    {
        _request = request;
        Statement = statement;
        Principal = statement.Principals.Match(request.Caller);
        Action = Answers.Of(statement.CoversAction(request.Action));
        Resource = statement.CoversKey(request.KeyArn);
        var others = Principal.Answer.And(Action).And(Resource);
        Applies = others == Answer.No ? others : others.And(MatchConditions().Select(condition => condition.Holds).All());
    }

    /// <summary>The statement.</summary>
    public PolicyStatement Statement { get; }

    /// <summary>Whether it is about the caller.</summary>
    public PrincipalMatch Principal { get; }

    /// <summary>Whether it is about the action.</summary>
    public Answer Action { get; }

    /// <summary>Whether it is about the key.</summary>
    public Answer Resource { get; }

    /// <summary>Whether each condition holds.</summary>
    public IReadOnlyList<ConditionMatch> Conditions => MatchConditions();

    /// <summary>Whether the statement applies: all of its parts fit.</summary>
    public Answer Applies { get; }

    private ConditionMatch[] MatchConditions() => _conditions ??= [.. Statement.Conditions.Select(Match)];

    private ConditionMatch Match(StatementCondition condition)
    {
        var value = _request.ValueOf(condition.Key);
        return new ConditionMatch(condition, value, condition.Holds(value));
    }
}

/// <summary>One condition, held against a request.</summary>
/// <param name="Condition">The condition.</param>
/// <param name="Value">What is known of the key's values.</param>
/// <param name="Holds">Whether it holds.</param>
public sealed record ConditionMatch(StatementCondition Condition, ContextValue Value, Answer Holds);
