namespace KmsOperator.Planning;

/// <summary>Why something cannot go on, in the words of a condition.</summary>
/// <param name="Severity">Whether it needs a person or comes right by itself.</param>
/// <param name="Reason">One of the API's reasons.</param>
/// <param name="Message">What is wrong, where, and what to do.</param>
public sealed record Finding(FindingSeverity Severity, string Reason, string Message)
{
    /// <summary>A finding that needs a person or a change of the spec.</summary>
    public static Finding Stalled(string reason, string message) => new(FindingSeverity.Stalled, reason, message);

    /// <summary>A finding that time or another resource will resolve.</summary>
    public static Finding Waiting(string reason, string message) => new(FindingSeverity.Waiting, reason, message);
}

/// <summary>What a <see cref="Finding"/> means for the resource.</summary>
public enum FindingSeverity
{
    /// <summary>Comes right by itself: condition <c>Reconciling</c>.</summary>
    Waiting,

    /// <summary>Needs a person: condition <c>Stalled</c>.</summary>
    Stalled,
}

/// <summary>A desired key, or why there is none.</summary>
public sealed record Resolution
{
    private Resolution()
    {
    }

    /// <summary>The desired key; null when <see cref="Finding"/> says why not.</summary>
    public DesiredKey? Key { get; private init; }

    /// <summary>Why there is no desired key.</summary>
    public Finding? Finding { get; private init; }

    /// <summary>A successful resolution.</summary>
    public static Resolution Of(DesiredKey key) => new() { Key = key };

    /// <summary>A failed one.</summary>
    public static Resolution Failed(Finding finding) => new() { Finding = finding };
}
