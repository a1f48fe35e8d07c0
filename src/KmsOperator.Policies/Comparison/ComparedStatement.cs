using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>A statement of a policy, and a text by which it is compared with others.</summary>
/// <param name="Element">The statement as its author wrote it.</param>
/// <param name="Text">The same for all statements that mean the same, by the rules of <see cref="PolicyComparer"/>: a policy document with this one statement.</param>
public sealed record ComparedStatement(JsonElement Element, string Text)
{
    /// <summary>The statements of a document, in its order; none of what is no document.</summary>
    public static IReadOnlyList<ComparedStatement> Of(JsonElement document) =>
        [.. PolicyDocument.StatementsOf(document).Select(statement => new ComparedStatement(statement, CanonicalPolicy.Write($$"""{"Statement":[{{statement.GetRawText()}}]}""")))];
}
