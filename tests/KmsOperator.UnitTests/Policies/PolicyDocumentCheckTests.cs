using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Policies;

/// <summary>What KMS certainly refuses is found with its field, and what KMS takes is taken.</summary>
public sealed class PolicyDocumentCheckTests
{
    private const string Account = "123456789012";
    private const string Sound = """{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}""";

    // element, its JSON, field, words of the message
    public static TheoryData<string, string, string, string> RefusedElements => new()
    {
        { "Sid", "20270303", "Sid", "quote it" },
        { "Sid", "true", "Sid", "quote it: \"true\"" },
        { "Principal", """{"AWS":210987654321}""", "Principal.AWS", "quote it: \"210987654321\"" },
        { "Principal", """{"AWS":["*",1402433619]}""", "Principal.AWS[1]", "YAML has changed an account id" },
        { "Principal", """{"AWS":81234567890}""", "Principal.AWS", "YAML has changed it" },
        { "Principal", """{"Services":"sns.amazonaws.com"}""", "Principal.Services", "did you mean \"Service\"?" },
        { "Principal", """{"AWS":"arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/*/Admin_*"}""", "Principal.AWS", "\"aws:PrincipalArn\"" },
        { "Action", "7", "Action", "quote it" },
        { "Action", "\"Decrypt\"", "Action", "\"kms:\"" },
        { "Action", "\"\"", "Action", "must be a string or a list of strings" },
        { "Action", "[]", "Action", "must be a string or a list of strings" },
        { "Action", """["kms:Decrypt",""]""", "Action", "must be a string or a list of strings" },
        { "Resource", "{}", "Resource", "must be a string or a list of strings" },
        { "Sid", "[]", "Sid", "must be a string" },
        { "Resource", "[12]", "Resource[0]", "quote it" },
        { "Condition", """{"StringEquals":{"aws:SourceAccount":1402433619}}""", "Condition.StringEquals.aws:SourceAccount", "012345670123 is read as 1402433619" },
        { "Condition", """{"NumericEquals":{"aws:SourceAccount":123456789012}}""", "Condition.NumericEquals.aws:SourceAccount", "quote it" },
        { "Condition", """{"ForAnyValue:ArnLike":{"aws:SourceArn":[5]}}""", "Condition.ForAnyValue:ArnLike.aws:SourceArn[0]", "quote it" },
        { "Condition", """{"StringEqual":{"kms:CallerAccount":"123456789012"}}""", "Condition.StringEqual", "did you mean \"StringEquals\"?" },
        { "Condition", """{"NullIfExists":{"kms:ViaService":"true"}}""", "Condition.NullIfExists", "is not a condition operator" },
        { "Condition", """{"kms:CallerAccount":"123456789012"}""", "Condition.kms:CallerAccount", "without an operator" },
    };

    public static TheoryData<string, string> TakenElements => new()
    {
        { "Sid", "\"Allow use of the key\"" },
        { "Principal", """{"AWS":"*"}""" },
        { "Principal", """{"Service":["sns.amazonaws.com"],"AWS":"123456789012"}""" },
        { "Action", """["*","KMS:Decrypt"]""" },
        { "Condition", "{}" },
        { "Condition", """{"Bool":{"kms:GrantIsForAWSResource":true},"NumericLessThanIfExists":{"aws:MultiFactorAuthAge":3600}}""" },
        { "Condition", """{"ForAllValues:StringLikeIfExists":{"kms:EncryptionContextKeys":["a*"]},"Null":{"kms:ViaService":false}}""" },
        { "Condition", """{"StringEquals":{"aws:PrincipalTag/team":"暗号"}}""" },
    };

    [Theory]
    [MemberData(nameof(RefusedElements))]
    public void What_KMS_refuses_in_a_statement_is_found_with_its_field(string element, string json, string field, string words)
    {
        var problem = Assert.Single(PolicyDocumentCheck.CheckStatements([With(element, json)], "at"));
        Assert.Equal($"at[0].{field}", problem.Field);
        Assert.Contains(words, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(TakenElements))]
    public void What_KMS_takes_in_a_statement_is_taken(string element, string json) =>
        Assert.Empty(PolicyDocumentCheck.CheckStatements([With(element, json)], "at"));

    [Fact]
    public void A_bare_statement_belongs_under_Statement()
    {
        var problem = Assert.Single(PolicyDocumentCheck.CheckDocument(Json(Sound), "spec.policy.override"));
        Assert.Equal("spec.policy.override", problem.Field);
        Assert.Contains("under Statement", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Neither_Version_nor_Sid_is_needed_and_an_empty_Sid_is_none()
    {
        var empty = With("Sid", "\"\"").GetRawText();
        Assert.Empty(PolicyDocumentCheck.CheckDocument(Json($$"""{"Statement":[{{empty}},{{empty}},{{Sound}}]}"""), "at"));
    }

    // principal, action, whether the account is locked out, why
    public static TheoryData<string, string, bool, string> Lockouts => new()
    {
        { """{"AWS":"123456789012"}""", "\"kms:*\"", false, "the account itself" },
        { "\"*\"", "\"kms:put*\"", false, "everybody; actions have no case" },
        { """{"AWS":"AROA1234567890EXAMPLE"}""", "\"*\"", false, "an id does not tell its account" },
        { """{"Federated":"cognito-identity.amazonaws.com"}""", "\"*\"", false, "not certain" },
        { """{"AWS":"arn:aws:iam::123456789012:role/Admin"}""", "[\"kms:Decrypt\",\"kms:PutKeyPolicy\"]", false, "one role" },
        { """{"AWS":"arn:aws:iam::123456789012:root"}""", "\"kms:Decrypt\"", true, "nobody may change the policy" },
        { """{"AWS":"arn:aws:iam::210987654321:root"}""", "\"kms:*\"", true, "only another account may" },
        { """{"Service":"sns.amazonaws.com"}""", "\"kms:*\"", true, "only a service may" },
    };

    [Theory]
    [MemberData(nameof(Lockouts))]
    public void A_policy_that_nobody_of_the_account_can_change_is_found(string principal, string action, bool locked, string why)
    {
        var document = Json($$"""{"Statement":{"Effect":"Allow","Principal":{{principal}},"Action":{{action}},"Resource":"*"} }""");
        Assert.True(PolicyDocumentCheck.LocksEverybodyOut(document, Account) == locked, why);
    }

    private static JsonElement With(string element, string json)
    {
        var statement = JsonNode.Parse(Sound)!.AsObject();
        statement[element] = JsonNode.Parse(json);
        return Json(statement.ToJsonString());
    }

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
