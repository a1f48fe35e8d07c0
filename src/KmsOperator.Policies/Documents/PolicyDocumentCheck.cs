using System.Globalization;
using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Finds in policies that people write what KMS certainly refuses, before KMS does.</summary>
/// <remarks>Source: AWS KMS developer guide, "Key policies in AWS KMS"; IAM user guide, "IAM JSON policy elements reference".</remarks>
public static class PolicyDocumentCheck
{
    private static readonly HashSet<string> DocumentElements = ["Version", "Id", "Statement"];

    private static readonly HashSet<string> OnlyInStatements = ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"];

    /// <summary>Problems of a whole document, each with its field; none if it is well formed.</summary>
    /// <param name="document">The document.</param>
    /// <param name="path">Where it stands, for example <c>spec.policy.override</c>.</param>
    public static IReadOnlyList<PolicyProblem> CheckDocument(JsonElement document, string path)
    {
        if (document.ValueKind != JsonValueKind.Object)
        {
            return [new PolicyProblem(path, "must be a policy document with Version and Statement")];
        }

        if (!document.TryGetProperty("Statement", out var statements) && document.EnumerateObject().Any(element => OnlyInStatements.Contains(element.Name)))
        {
            return [new PolicyProblem(path, "is one statement where a whole document belongs; put it into the list under Statement: {Version: \"2012-10-17\", Statement: [...]}")];
        }

        var problems = new List<PolicyProblem>();
        foreach (var element in document.EnumerateObject().Where(element => !DocumentElements.Contains(element.Name)))
        {
            problems.Add(new PolicyProblem(
                $"{path}.{element.Name}", $"is not an element of a policy document (Version, Id, Statement){Suggestion.For(element.Name, DocumentElements)}"));
        }

        problems.AddRange(StatementCheck.CheckText(document, "Id", path));
        if (document.TryGetProperty("Version", out var version)
            && (version.ValueKind != JsonValueKind.String || version.GetString() is not ("2012-10-17" or "2008-10-17")))
        {
            problems.Add(new PolicyProblem($"{path}.Version", "must be \"2012-10-17\""));
        }

        if (statements.ValueKind == JsonValueKind.Undefined)
        {
            problems.Add(new PolicyProblem($"{path}.Statement", "is missing; a key policy needs at least one statement"));
        }
        else if (statements.ValueKind == JsonValueKind.Object)
        {
            problems.AddRange(StatementCheck.Check(statements, $"{path}.Statement"));
        }
        else if (statements.ValueKind != JsonValueKind.Array || statements.GetArrayLength() == 0)
        {
            problems.Add(new PolicyProblem($"{path}.Statement", "must be a list of at least one statement"));
        }
        else
        {
            problems.AddRange(CheckStatements([.. statements.EnumerateArray()], $"{path}.Statement"));
        }

        return problems;
    }

    /// <summary>Whether a well-formed document lets no principal of the key's account change the policy again.</summary>
    /// <param name="document">A document without problems.</param>
    /// <param name="accountId">The key's account.</param>
    public static bool LocksEverybodyOut(JsonElement document, string accountId) => PolicyLockout.IsCertain(document, accountId);

    /// <summary>What to write instead of a principal with a wildcard.</summary>
    public static string WildcardAdvice(string principal) => PrincipalCheck.WildcardAdvice(principal);

    /// <summary>The Sids of a document, which statements appended to it cannot have.</summary>
    public static IReadOnlyCollection<string> SidsOf(JsonElement document) => [.. PolicyDocument.StatementsOf(document).Select(SidOf).OfType<string>()];

    /// <summary>Problems of a list of statements, among them Sids that stand twice.</summary>
    /// <param name="statements">The statements.</param>
    /// <param name="path">Where the list stands.</param>
    /// <param name="takenSids">Sids that other statements of the same document have.</param>
    public static IReadOnlyList<PolicyProblem> CheckStatements(
        IReadOnlyList<JsonElement> statements, string path, IReadOnlyCollection<string>? takenSids = null)
    {
        var problems = new List<PolicyProblem>();
        var sids = new HashSet<string>(takenSids ?? []);
        for (var i = 0; i < statements.Count; i++)
        {
            var at = $"{path}[{i.ToString(CultureInfo.InvariantCulture)}]";
            problems.AddRange(StatementCheck.Check(statements[i], at));
            if (SidOf(statements[i]) is { } sid && !sids.Add(sid))
            {
                problems.Add(new PolicyProblem($"{at}.Sid", $"\"{sid}\" stands in another statement already; choose another"));
            }
        }

        return problems;
    }

    /// <summary>A statement's Sid; null for none. KMS takes an empty one for none.</summary>
    private static string? SidOf(JsonElement statement) =>
        statement.ValueKind == JsonValueKind.Object && statement.TryGetProperty("Sid", out var sid) && sid.ValueKind == JsonValueKind.String && sid.GetString() is { Length: > 0 } text
            ? text
            : null;
}

/// <summary>What is wrong with a policy that a person wrote.</summary>
/// <param name="Field">Path of the field.</param>
/// <param name="Message">What is wrong and what it must be.</param>
public sealed record PolicyProblem(string Field, string Message);
