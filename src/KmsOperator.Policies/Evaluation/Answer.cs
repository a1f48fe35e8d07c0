namespace KmsOperator.Policies.Evaluation;

/// <summary>An answer that may depend on what is not known. The order of the values is that of "and": the lowest decides.</summary>
public enum Answer
{
    /// <summary>Certainly not.</summary>
    No,

    /// <summary>It depends on a value that is not known.</summary>
    Unknown,

    /// <summary>Certainly.</summary>
    Yes,
}

/// <summary>Joins answers as Kleene's three-valued logic does.</summary>
public static class Answers
{
    /// <summary>The answer that is certain.</summary>
    public static Answer Of(bool value) => value ? Answer.Yes : Answer.No;

    /// <summary>Both.</summary>
    public static Answer And(this Answer one, Answer other) => one < other ? one : other;

    /// <summary>One of both.</summary>
    public static Answer Or(this Answer one, Answer other) => one > other ? one : other;

    /// <summary>The opposite.</summary>
    public static Answer Not(this Answer one) => Answer.Yes - (int)one;

    /// <summary>All of them; yes if there are none.</summary>
    public static Answer All(this IEnumerable<Answer> answers) => answers.Aggregate(Answer.Yes, And);

    /// <summary>At least one of them; no if there are none.</summary>
    public static Answer Any(this IEnumerable<Answer> answers) => answers.Aggregate(Answer.No, Or);
}
