using System.Text.Json.Nodes;
using KmsOperator.Planning;
using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Explaining;

/// <summary>Answers about policies as JSON.</summary>
internal static class ExplanationJson
{
    /// <summary>One explanation.</summary>
    public static JsonObject Of(AccessExplanation explanation) => new()
    {
        ["key"] = KeyOf(explanation.Key),
        ["principal"] = explanation.Facts.Caller.Name,
        ["action"] = explanation.Facts.Action,
        ["result"] = explanation.Decision.Result.ToString(),
        ["allowed"] = explanation.Decision.Result switch { AccessResult.Allowed => true, AccessResult.Unknown => null, _ => (JsonNode)false },
        ["decidedBy"] = Texts(explanation.Decision.Deciding.Select(match => NameOf(match.Statement))),
        ["iamPolicyNeeded"] = explanation.NeededFromIam is not null,
        ["iam"] = explanation.NeededFromIam,
        ["grants"] = Texts(explanation.Grants.Select(grant => grant.Name)),
        ["unknown"] = Texts(explanation.Unknown),
        ["statements"] = new JsonArray([.. explanation.Decision.Statements.Select(match => StatementOf(match, explanation.Facts))]),
    };

    /// <summary>Who can do something with one key.</summary>
    public static JsonObject Of(KeyAccess access, string action) => new()
    {
        ["key"] = KeyOf(access.Key),
        ["action"] = action,
        ["allowed"] = new JsonArray([.. access.Allowed.Select(PrincipalOf)]),
        ["denied"] = new JsonArray([.. access.Denied.Select(PrincipalOf)]),
        ["grants"] = new JsonArray([.. access.Grants.Select(GrantOf)]),
    };

    private static JsonObject KeyOf(ExplainedKey key) => new()
    {
        ["name"] = key.Name,
        ["account"] = key.Location.AccountId,
        ["region"] = key.Location.Region,
        ["alias"] = key.AliasName,
        ["arn"] = key.Arn.KeyId is null ? null : key.Arn.ToString(),
    };

    private static JsonObject StatementOf(StatementMatch match, RequestFacts facts) => new()
    {
        ["index"] = match.Statement.Index,
        ["sid"] = match.Statement.Sid,
        ["effect"] = match.Statement.IsAllow ? "Allow" : "Deny",
        ["applies"] = match.Applies.ToString(),
        ["why"] = Texts(MatchWords.Of(match, facts)),
    };

    private static JsonObject PrincipalOf(PrincipalAccess one) => new()
    {
        ["kind"] = one.Kind,
        ["principal"] = one.Principal,
        ["when"] = one.Conditions,
        ["statement"] = NameOf(one.Statement),
        ["iamPolicyNeeded"] = one.NeedsIam,
    };

    private static JsonObject GrantOf(DesiredGrant grant) => new() { ["name"] = grant.Name, ["grantee"] = grant.Grantee, ["gives"] = grant.ToString() };

    private static string NameOf(PolicyStatement statement) => statement.Name.Trim('"');

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(text => (JsonNode)JsonValue.Create(text))];
}
