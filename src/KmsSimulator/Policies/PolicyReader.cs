using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using KmsSimulator.Protocol;

namespace KmsSimulator.Policies;

/// <summary>Reads policies, and refuses those whose structure or principals are wrong.</summary>
/// <remarks>Source: AWS IAM user guide, "IAM JSON policy reference"; AWS KMS API reference, CreateKey, Policy.</remarks>
internal static class PolicyReader
{
    /// <summary>The elements of a policy, in IAM's order.</summary>
    public static string[] DocumentElements { get; } = ["Version", "Id", "Statement"];

    /// <summary>The elements of a statement, in IAM's order.</summary>
    public static string[] StatementElements { get; } =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

    /// <summary>Fails with MalformedPolicyDocument, naming what is wrong.</summary>
    public static void Check(string text, string partition, PrincipalDirectory principals)
    {
        JsonDocument json;
        try
        {
            json = JsonText.Parse(Encoding.UTF8.GetBytes(text));
        }
        catch (JsonException e)
        {
            throw Errors.MalformedPolicy($"The key policy is not valid JSON (line {e.LineNumber + 1}).");
        }

        using (json)
        {
            var policy = json.RootElement;
            Require(policy.ValueKind == JsonValueKind.Object, "The key policy is not a JSON object.");
            CheckElements(policy, DocumentElements);
            Require(
                Member(policy, "Version") is not { } version || IsOneOf(version, "2012-10-17", "2008-10-17"),
                "The policy's Version must be 2012-10-17.");
            Require(!policy.TryGetProperty("Id", out var id) || id.ValueKind == JsonValueKind.String, "The policy's Id must be a string.");
            Require(policy.TryGetProperty("Statement", out var statements) && Items(statements).Any(), "The key policy has no Statement.");
            var sids = new HashSet<string>(StringComparer.Ordinal);
            foreach (var statement in Items(statements))
                CheckStatement(statement, partition, principals, sids);
        }
    }

    /// <summary>The statements of a policy whose structure is right.</summary>
    public static ImmutableArray<PolicyStatement> Statements(JsonElement policy) =>
    [
        .. Items(policy.GetProperty("Statement")).Select(statement => new PolicyStatement
        {
            IsAllow = statement.GetProperty("Effect").ValueEquals("Allow"),
            Principals = Principals(Member(statement, "Principal") ?? Member(statement, "NotPrincipal")),
            Services = Services(Member(statement, "Principal") ?? Member(statement, "NotPrincipal")),
            IsNotPrincipal = statement.TryGetProperty("NotPrincipal", out _),
            Actions = [.. Strings(Member(statement, "Action") ?? Member(statement, "NotAction"))],
            IsNotAction = statement.TryGetProperty("NotAction", out _),
            Resources = [.. Strings(Member(statement, "Resource") ?? Member(statement, "NotResource"))],
            IsNotResource = statement.TryGetProperty("NotResource", out _),
            Conditions = Conditions(Member(statement, "Condition")),
        }),
    ];

    /// <summary>The elements of a list, or the one that stands for a list of one.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];

    /// <summary>The strings of a list, or the one that stands for a list of one.</summary>
    public static IEnumerable<string> Strings(JsonElement? value) =>
        value is { } present ? Items(present).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!) : [];

    private static void CheckStatement(JsonElement statement, string partition, PrincipalDirectory principals, HashSet<string> sids)
    {
        Require(statement.ValueKind == JsonValueKind.Object, "A Statement of the key policy is not a JSON object.");
        CheckElements(statement, StatementElements);
        if (Member(statement, "Sid") is { } sid)
        {
            Require(sid.ValueKind == JsonValueKind.String, "A statement's Sid must be a string.");
            Require(sid.ValueEquals("") || sids.Add(sid.GetString()!), "Statement IDs (SID) in a single policy must be unique.");
        }

        Require(
            Member(statement, "Effect") is { } effect && IsOneOf(effect, "Allow", "Deny"),
            "A statement's Effect must be Allow or Deny.");
        foreach (var name in (ReadOnlySpan<string>)["Action", "Resource", "Principal"])
        {
            var not = $"Not{name}";
            Require(Member(statement, name) is null || Member(statement, not) is null, $"A statement has both {name} and {not}.");
        }

        foreach (var name in (ReadOnlySpan<string>)["Action", "NotAction", "Resource", "NotResource"])
            Require(Member(statement, name) is not { } value || AreStrings(value), $"A statement's {name} must be a string or strings.");
        Require(
            Strings(Member(statement, "Action") ?? Member(statement, "NotAction")).All(action => action == "*" || action.Contains(':')),
            "A statement has an Action without a vendor prefix.");
        if (Member(statement, "Condition") is { } condition)
        {
            Require(IsCondition(condition), "A statement's Condition is malformed.");
            foreach (var test in condition.EnumerateObject())
            {
                Require(
                    ConditionOperator.Parse(test.Name) is not null,
                    $"A statement's Condition has an unknown operator {Errors.Shown(test.Name)}.");
            }
        }

        CheckPrincipals(Member(statement, "Principal") ?? Member(statement, "NotPrincipal"), partition, principals);
    }

    private static void CheckPrincipals(JsonElement? element, string partition, PrincipalDirectory principals)
    {
        Require(element is not null, "Policy contains a statement with no principal.");
        var principal = element!.Value;
        if (principal.ValueKind == JsonValueKind.String && principal.ValueEquals("*"))
            return;
        const string Invalid = "Policy contains a statement with one or more invalid principals.";
        Require(principal.ValueKind == JsonValueKind.Object && principal.EnumerateObject().Any(), Invalid);
        foreach (var kind in principal.EnumerateObject())
        {
            Require(AreStrings(kind.Value) && Items(kind.Value).Any(), Invalid);
            foreach (var name in Strings(kind.Value))
            {
                Require(
                    kind.Name switch
                    {
                        "AWS" => PolicyPrincipal.IsAws(name, partition) && principals.Exists(name),
                        "Service" => PolicyPrincipal.IsService(name),
                        "Federated" or "CanonicalUser" => name.Length > 0,
                        _ => false,
                    },
                    Invalid);
            }
        }
    }

    private static ImmutableArray<string> Principals(JsonElement? element) => element switch
    {
        { ValueKind: JsonValueKind.String } => ["*"],
        { ValueKind: JsonValueKind.Object } kinds => [.. Strings(Member(kinds, "AWS"))],
        _ => [],
    };

    private static ImmutableArray<string> Services(JsonElement? element) =>
        element is { ValueKind: JsonValueKind.Object } kinds ? [.. Strings(Member(kinds, "Service"))] : [];

    private static ImmutableArray<PolicyCondition> Conditions(JsonElement? element) => element is not { } conditions ? [] :
    [
        .. conditions.EnumerateObject().SelectMany(test => test.Value.EnumerateObject().Select(key => new PolicyCondition(
            ConditionOperator.Parse(test.Name)!, key.Name, [.. Items(key.Value).Select(value => value.ToString())]))),
    ];

    private static bool IsCondition(JsonElement condition) => condition.ValueKind == JsonValueKind.Object
        && condition.EnumerateObject().All(test => test.Value.ValueKind == JsonValueKind.Object
            && test.Value.EnumerateObject().All(key => Items(key.Value).All(
                value => value.ValueKind is JsonValueKind.String or JsonValueKind.True or JsonValueKind.False or JsonValueKind.Number)));

    private static bool IsOneOf(JsonElement value, params ReadOnlySpan<string> texts) =>
        value.ValueKind == JsonValueKind.String && texts.Contains(value.GetString());

    private static bool AreStrings(JsonElement value) => Items(value).All(item => item.ValueKind == JsonValueKind.String);

    private static void CheckElements(JsonElement element, string[] known)
    {
        foreach (var member in element.EnumerateObject())
            Require(known.Contains(member.Name), $"The key policy has an unknown element {Errors.Shown(member.Name)}.");
    }

    private static JsonElement? Member(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value : null;

    private static void Require(bool holds, string message)
    {
        if (!holds)
            throw Errors.MalformedPolicy(message);
    }
}
