using System.Text.RegularExpressions;

namespace KmsOperator.Planning;

/// <summary>KMS's rules for alias names.</summary>
/// <remarks>Source: AWS KMS API reference, CreateAlias, AliasName.</remarks>
public static partial class AliasNames
{
    /// <summary>What is wrong with a full alias name, or null.</summary>
    public static string? FindProblem(string aliasName)
    {
        if (aliasName.Length is < 7 or > 256)
        {
            return "must have 7 to 256 characters, alias/ included";
        }

        if (aliasName.StartsWith("alias/aws/", StringComparison.Ordinal))
        {
            return "names starting with alias/aws/ are reserved by AWS";
        }

        return Pattern().IsMatch(aliasName) ? null : "must be alias/ and letters, digits, / _ -";
    }

    [GeneratedRegex("^alias/[a-zA-Z0-9/_-]+$")]
    private static partial Regex Pattern();
}
