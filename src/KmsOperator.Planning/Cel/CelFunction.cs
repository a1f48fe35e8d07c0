namespace KmsOperator.Planning.Cel;

/// <summary>A function that expressions can call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsMethod">Whether it is called on its first argument, as in <c>a.size()</c>.</param>
/// <param name="Minimum">How many arguments it takes at least, with what it is called on.</param>
/// <param name="Maximum">How many at most.</param>
/// <param name="Body">What it does with arguments that are no errors; null where it has nothing for arguments of such types.</param>
internal sealed record CelFunction(string Name, bool IsMethod, int Minimum, int Maximum, Func<CelEvaluation, IReadOnlyList<CelValue>, CelValue?> Body)
{
    /// <summary>Whether the second argument is a regular expression, which is looked at before anything is evaluated if it is written down.</summary>
    public bool IsPattern { get; init; }
}
