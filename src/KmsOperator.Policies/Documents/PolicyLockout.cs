using System.Text.Json;
using System.Text.RegularExpressions;

namespace KmsOperator.Policies;

/// <summary>
/// Finds policies that let nobody change them again, which KMS refuses. Only what is certain: conditions are taken to hold, and KMS alone knows who calls.
/// </summary>
/// <remarks>Source: AWS KMS API reference, PutKeyPolicy and CreateKey, <c>BypassPolicyLockoutSafetyCheck</c>.</remarks>
internal static partial class PolicyLockout
{
    private const string Action = "kms:PutKeyPolicy";

    /// <summary>Whether no principal of the account may call PutKeyPolicy.</summary>
    /// <param name="document">A well-formed document.</param>
    /// <param name="accountId">The key's account.</param>
    public static bool IsCertain(JsonElement document, string accountId) =>
        !PolicyDocument.StatementsOf(document).Any(statement =>
            statement.GetProperty("Effect").GetString() == "Allow" && CoversAction(statement) && MayCover(statement, accountId));

    private static bool CoversAction(JsonElement statement) => statement.TryGetProperty("Action", out var actions)
        ? PolicyDocument.StringsOf(actions).Any(Matches)
        : !PolicyDocument.StringsOf(statement.GetProperty("NotAction")).Any(Matches);

    private static bool Matches(string pattern) => Regex.IsMatch(
        Action, "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + "$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    private static bool MayCover(JsonElement statement, string accountId)
    {
        // NotPrincipal names those whom the statement does not reach.
        if (!statement.TryGetProperty("Principal", out var principal) || principal.ValueKind == JsonValueKind.String)
        {
            return true;
        }

        return principal.EnumerateObject().Any(entry => !string.Equals(entry.Name, "Service", StringComparison.OrdinalIgnoreCase)
            && (!string.Equals(entry.Name, "AWS", StringComparison.OrdinalIgnoreCase)
                || PolicyDocument.StringsOf(entry.Value).Any(name => AccountOf(name) is not { } account || account == accountId)));
    }

    /// <summary>The account that a principal is of; null where its name does not say so.</summary>
    private static string? AccountOf(string name) => Account().Match(name) is { Success: true } match ? match.Groups["account"].Value : null;

    [GeneratedRegex("^(arn:aws[a-z-]*:(iam|sts)::(?<account>[0-9]{12}):.*|(?<account>[0-9]{12}))$", RegexOptions.ExplicitCapture)]
    private static partial Regex Account();
}
