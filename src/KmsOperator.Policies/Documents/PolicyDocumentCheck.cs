using System.Globalization;
using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Checks the structure of policies that people write, before KMS does.</summary>
/// <remarks>Source: AWS KMS developer guide, "Key policies in AWS KMS"; IAM user guide, "IAM JSON policy elements reference".</remarks>
public static class PolicyDocumentCheck
{
    private static readonly HashSet<string> DocumentElements = ["Version", "Id", "Statement"];

    private static readonly HashSet<string> StatementElements =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

    /// <summary>Problems of a whole document, each with its field; none if it is well formed.</summary>
    /// <param name="document">The document.</param>
    /// <param name="path">Where it stands, for example <c>spec.policy.override</c>.</param>
    public static IReadOnlyList<PolicyProblem> CheckDocument(JsonElement document, string path)
    {
        var problems = new List<PolicyProblem>();
        if (document.ValueKind != JsonValueKind.Object)
        {
            return [new PolicyProblem(path, "must be a policy document with Version and Statement")];
        }

        foreach (var element in document.EnumerateObject().Where(element => !DocumentElements.Contains(element.Name)))
        {
            problems.Add(new PolicyProblem($"{path}.{element.Name}", "is not an element of a policy document (Version, Id, Statement)"));
        }

        if (!document.TryGetProperty("Version", out var version) || version.ValueKind != JsonValueKind.String
            || version.GetString() is not ("2012-10-17" or "2008-10-17"))
        {
            problems.Add(new PolicyProblem($"{path}.Version", "must be \"2012-10-17\""));
        }

        if (!document.TryGetProperty("Statement", out var statements))
        {
            problems.Add(new PolicyProblem($"{path}.Statement", "is missing; a key policy needs at least one statement"));
        }
        else if (statements.ValueKind == JsonValueKind.Object)
        {
            problems.AddRange(CheckStatement(statements, $"{path}.Statement"));
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

    /// <summary>The Sids of a document, which statements appended to it cannot have.</summary>
    public static IReadOnlyCollection<string> SidsOf(JsonElement document) =>
    [
        .. PolicyDocument.StatementsOf(document)
            .Select(statement => statement.TryGetProperty("Sid", out var sid) && sid.ValueKind == JsonValueKind.String ? sid.GetString() : null)
            .OfType<string>(),
    ];

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
            problems.AddRange(CheckStatement(statements[i], at));
            if (statements[i].ValueKind == JsonValueKind.Object && statements[i].TryGetProperty("Sid", out var sid)
                && sid.ValueKind == JsonValueKind.String && !sids.Add(sid.GetString()!))
            {
                problems.Add(new PolicyProblem($"{at}.Sid", $"\"{sid.GetString()}\" stands in another statement already; choose another"));
            }
        }

        return problems;
    }

    private static IEnumerable<PolicyProblem> CheckStatement(JsonElement statement, string path)
    {
        if (statement.ValueKind != JsonValueKind.Object)
        {
            yield return new PolicyProblem(path, "must be a statement");
            yield break;
        }

        foreach (var element in statement.EnumerateObject().Where(element => !StatementElements.Contains(element.Name)))
        {
            yield return new PolicyProblem($"{path}.{element.Name}", "is not an element of a statement");
        }

        if (!statement.TryGetProperty("Effect", out var effect) || effect.ValueKind != JsonValueKind.String || effect.GetString() is not ("Allow" or "Deny"))
        {
            yield return new PolicyProblem($"{path}.Effect", "must be Allow or Deny");
        }

        foreach (var element in (string[])["Principal", "Action", "Resource"])
        {
            var hasElement = statement.TryGetProperty(element, out var value);
            var hasOpposite = statement.TryGetProperty("Not" + element, out var opposite);
            if (hasElement == hasOpposite)
            {
                yield return new PolicyProblem($"{path}.{element}", hasElement ? $"and Not{element} exclude each other" : "is missing");
            }
            else if (element == "Principal" ? !IsPrincipal(hasElement ? value : opposite) : !IsStrings(hasElement ? value : opposite))
            {
                yield return new PolicyProblem(
                    $"{path}.{(hasElement ? "" : "Not")}{element}",
                    element == "Principal" ? "must be \"*\" or an object such as {AWS: [...]}" : "must be a string or a list of strings");
            }
        }

        if (statement.TryGetProperty("Condition", out var condition) && condition.ValueKind != JsonValueKind.Object)
        {
            yield return new PolicyProblem($"{path}.Condition", "must be an object of condition operators");
        }
    }

    private static bool IsPrincipal(JsonElement value) =>
        (value.ValueKind == JsonValueKind.String && value.GetString() == "*")
        || (value.ValueKind == JsonValueKind.Object && value.EnumerateObject().Any() && value.EnumerateObject().All(entry => IsStrings(entry.Value)));

    private static bool IsStrings(JsonElement value) =>
        (value.ValueKind == JsonValueKind.String && value.GetString()!.Length > 0)
        || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && item.GetString()!.Length > 0));
}

/// <summary>What is wrong with a policy that a person wrote.</summary>
/// <param name="Field">Path of the field.</param>
/// <param name="Message">What is wrong and what it must be.</param>
public sealed record PolicyProblem(string Field, string Message);
