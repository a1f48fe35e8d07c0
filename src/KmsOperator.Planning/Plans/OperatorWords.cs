namespace KmsOperator.Planning;

/// <summary>What messages of conditions say that is true of the operator alone: that it tries again, and whose permissions are meant. Commands end, and have a caller of their own; so they say it otherwise.</summary>
public static class OperatorWords
{
    /// <summary>After a sentence.</summary>
    public const string Sentence = " It is tried again.";

    /// <summary>At the end of a sentence that says what a person can do.</summary>
    public const string Clause = "; it is tried again.";

    /// <summary>For an import of key material.</summary>
    public const string WithNewToken = " It is tried again with a new token.";

    /// <summary>For what KMS may not show yet.</summary>
    public const string LookedForAgain = " It may not be visible yet; it is looked for again.";

    /// <summary>Where AWS refuses a call.</summary>
    public const string Permission = " Give the operator's principal this permission, by IAM and by the key policy.";

    /// <summary>Before what a person can do in its place.</summary>
    public const string Or = " It is tried again; or ";

    /// <summary>A message in the words of a command.</summary>
    /// <param name="message">Message of a condition.</param>
    public static string ForCommand(string message) => message
        .Replace(WithNewToken, "", StringComparison.Ordinal)
        .Replace(Sentence, "", StringComparison.Ordinal)
        .Replace(LookedForAgain, " It may not be visible yet.", StringComparison.Ordinal)
        .Replace(Permission, " Look who is asking (aws sts get-caller-identity), and give that principal this permission, by IAM and by the key policy.", StringComparison.Ordinal)
        .Replace(Or, " To permit it, ", StringComparison.Ordinal)
        .Replace(Clause, ".", StringComparison.Ordinal);
}
