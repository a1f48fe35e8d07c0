using System.Text.Json.Nodes;
using CsCheck;

namespace KmsOperator.UnitTests.Policies.Evaluation;

/// <summary>Policies and requests that often meet: their names and values come from small sets.</summary>
internal static class GeneratedPolicies
{
    public const string Account = "111122223333";
    public const string Other = "444455556666";
    public const string Key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    private static readonly string[] Arns = ["arn:aws:sqs:eu-west-1:111122223333:airflow-1", "arn:aws:sqs:us-east-1:444455556666:orders", "arn:aws:s3:::bucket/a/b"];
    private static readonly string[] ArnPatterns = [.. Arns, "arn:aws:sqs:*:*:airflow-*", "arn:aws:s3:::*", "arn:aws:sqs:eu-west-?:111122223333:*"];
    // None is empty: the simulator matches by .NET's FileSystemName, for which * does not stand for nothing.
    private static readonly string[] Texts = ["a", "A", "ab", "b"];
    private static readonly string[] TextPatterns = [.. Texts, "a*", "?b", "*", "??"];
    private static readonly string[] Numbers = ["1", "2", "10", "1.0", "x"];
    private static readonly string[] Dates = ["2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z", "1769860800", "never"];
    private static readonly string[] Addresses = ["10.0.0.1", "192.168.1.7", "::1"];
    private static readonly string[] Networks = [.. Addresses, "10.0.0.0/8", "192.168.1.0/24", "here"];
    private static readonly string[] Booleans = ["true", "false", "True"];

    // operators of a type, the condition keys that are used with them, values of requests, values of policies
    private static readonly (string[] Operators, string[] Keys, string[] Values, string[] Wanted)[] Types =
    [
        (["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike", "BinaryEquals"], ["kms:ViaService", "aws:userid"], Texts, TextPatterns),
        (["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"], ["aws:SourceArn", "kms:EncryptionContext:aws:sqs:arn"], Arns, ArnPatterns),
        (["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"], ["kms:RotationPeriodInDays"], Numbers, Numbers),
        (["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"], ["aws:CurrentTime"], Dates, Dates),
        (["IpAddress", "NotIpAddress"], ["aws:SourceIp"], Addresses, Networks),
        (["Bool"], ["kms:GrantIsForAWSResource"], Booleans, Booleans),
        (["Null"], ["kms:ViaService", "aws:SourceArn", "aws:SourceIp"], Texts, ["true", "false"]),
    ];

    private static readonly string[] Keys = [.. Types.SelectMany(type => type.Keys).Distinct()];

    /// <summary>A policy document.</summary>
    public static Gen<JsonObject> Document { get; } =
        from statements in OneStatement.List[1, 4]
        select new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray([.. statements.Select(statement => statement.DeepClone())]) };

    /// <summary>An action.</summary>
    public static Gen<string> AnyAction { get; } = Gen.OneOf("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyPair", "kms:CreateGrant");

    /// <summary>Values of condition keys; a key that is not there is absent.</summary>
    public static Gen<Dictionary<string, string[]>> Context { get; } =
        from picks in Gen.Int[0, 3].Array[Keys.Length]
        from seeds in Gen.Int[0, 60].Array[Keys.Length]
        select Keys.Select((key, at) => (key, Values: Pick(ValuesOf(key), seeds[at], picks[at]))).Where(one => one.Values.Length > 0)
            .ToDictionary(one => one.key, one => one.Values, StringComparer.OrdinalIgnoreCase);

    private static Gen<JsonObject> OneStatement =>
        from effect in Gen.OneOf("Allow", "Allow", "Deny")
        from principal in Gen.OneOf(
            "\"*\"", $$"""{"AWS": "*"}""", $$"""{"AWS": "{{Account}}"}""", $$"""{"AWS": ["arn:aws:iam::{{Other}}:root", "arn:aws:iam::{{Account}}:role/team/App"]}""",
            $$"""{"AWS": "arn:aws:iam::{{Account}}:user/jane"}""", $$"""{"AWS": "arn:aws:sts::{{Account}}:assumed-role/App/one"}""", """{"Service": "logs.eu-west-1.amazonaws.com"}""")
        from isNotPrincipal in Gen.Int[0, 9]
        from actions in Gen.OneOf("kms:*", "*", "kms:Decrypt", "kms:decrypt", "kms:GenerateDataKey*", "kms:D*", "kms:CreateGran?").List[1, 2]
        from isNotAction in Gen.Int[0, 9]
        from resource in Gen.OneOf("*", "*", "*", Key, "arn:aws:kms:eu-west-1:111122223333:key/*", "arn:aws:kms:us-east-1:*")
        from conditions in OneCondition.List[0, 2]
        select Build(effect, principal, isNotPrincipal == 0, actions, isNotAction == 0, resource, conditions);

    private static Gen<(string Operator, string Key, string[] Values)> OneCondition =>
        from type in Gen.Int[0, Types.Length - 1]
        from name in Gen.Int[0, 20]
        from key in Gen.Int[0, 20]
        from set in Gen.OneOf("", "", "", "ForAllValues:", "ForAnyValue:")
        from ifExists in Gen.Int[0, 3]
        from values in Gen.Int[0, 20].Array[1, 3]
        let one = Types[type]
        let plain = one.Operators[name % one.Operators.Length]
        select (set + plain + (ifExists == 0 && plain != "Null" ? "IfExists" : ""), one.Keys[key % one.Keys.Length], values.Select(value => one.Wanted[value % one.Wanted.Length]).ToArray());

    private static JsonObject Build(
        string effect, string principal, bool isNotPrincipal, List<string> actions, bool isNotAction, string resource, List<(string Operator, string Key, string[] Values)> conditions)
    {
        var statement = new JsonObject { ["Effect"] = effect, ["Resource"] = resource };
        statement[isNotPrincipal ? "NotPrincipal" : "Principal"] = JsonNode.Parse(principal);
        statement[isNotAction ? "NotAction" : "Action"] = actions.Count == 1 ? actions[0] : new JsonArray([.. actions.Select(action => JsonValue.Create(action))]);
        if (conditions.Count > 0)
        {
            statement["Condition"] = new JsonObject(conditions.GroupBy(condition => condition.Operator).Select(group => KeyValuePair.Create(group.Key, (JsonNode?)new JsonObject(
                group.GroupBy(condition => condition.Key).Select(key => KeyValuePair.Create(
                    key.Key, (JsonNode?)new JsonArray([.. key.First().Values.Select(value => JsonValue.Create(value))])))))));
        }

        return statement;
    }

    private static string[] ValuesOf(string key) => Types.First(type => type.Keys.Contains(key)).Values;

    private static string[] Pick(string[] values, int seed, int count) => [.. Enumerable.Range(0, Math.Min(count, 2)).Select(at => values[(seed + at) % values.Length])];
}
