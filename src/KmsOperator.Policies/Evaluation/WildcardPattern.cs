namespace KmsOperator.Policies.Evaluation;

/// <summary>Patterns of policies: <c>*</c> stands for any characters, also none, and <c>?</c> for one.</summary>
/// <remarks>Source: IAM user guide, "IAM JSON policy elements: Action", "IAM JSON policy elements: Condition operators".</remarks>
public static class WildcardPattern
{
    /// <summary>Whether a text has the form of a pattern. The time that it takes is at most the product of both lengths.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="text">The text.</param>
    /// <param name="ignoreCase">Whether the case of ASCII letters makes no difference, as in actions.</param>
    public static bool IsMatch(string pattern, string text, bool ignoreCase = false)
    {
        var (at, inText) = (0, 0);
        var (afterStar, textAtStar) = (-1, 0);
        while (inText < text.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                (afterStar, textAtStar) = (++at, inText);
            }
            else if (at < pattern.Length && (pattern[at] == '?' || IsSame(pattern[at], text[inText], ignoreCase)))
            {
                at++;
                inText++;
            }
            else if (afterStar >= 0)
            {
                // The last star takes one character more.
                (at, inText) = (afterStar, ++textAtStar);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(at).Trim('*').IsEmpty;
    }

    private static bool IsSame(char one, char other, bool ignoreCase) =>
        one == other || (ignoreCase && char.ToLowerInvariant(one) == char.ToLowerInvariant(other));
}
