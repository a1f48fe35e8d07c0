using System.Text.Json;
using KmsOperator.Policies.Evaluation;
using Xunit;

namespace KmsOperator.UnitTests.Policies.Evaluation;

public sealed class PolicyEvaluatorTests
{
    private const string Account = "111122223333";
    private const string Role = "arn:aws:iam::111122223333:role/team/App";

    // principal of the statement, caller, answer, why
    public static TheoryData<string, string, Answer, string> Principals => new()
    {
        { $$"""{"AWS": "{{Role}}"}""", Role, Answer.Yes, "named" },
        { $$"""{"AWS": "{{Role}}"}""", "arn:aws:sts::111122223333:assumed-role/App/one", Answer.Yes, "a role includes its sessions, whose ARN has no path" },
        { $$"""{"AWS": "{{Role}}"}""", "arn:aws:sts::444455556666:assumed-role/App/one", Answer.No, "a role of that name elsewhere" },
        { """{"AWS": "arn:aws:sts::111122223333:assumed-role/App/one"}""", Role, Answer.Unknown, "only one of the role's sessions" },
        { """{"AWS": "arn:aws:sts::111122223333:assumed-role/App/one"}""", "arn:aws:sts::111122223333:assumed-role/App/two", Answer.No, "another session" },
        { """{"AWS": "111122223333"}""", Role, Answer.Yes, "the account by its id" },
        { """{"AWS": "arn:aws:iam::111122223333:root"}""", Role, Answer.Yes, "the account by its root" },
        { """{"AWS": "arn:aws:iam::444455556666:root"}""", Role, Answer.No, "another account" },
        { "\"*\"", "s3.amazonaws.com", Answer.Yes, "everybody, services too" },
        { """{"Service": "s3.amazonaws.com"}""", "s3.amazonaws.com", Answer.Yes, "the service" },
        { """{"Service": "s3.amazonaws.com"}""", Role, Answer.No, "a service is no role" },
        { """{"AWS": "AROAEXAMPLEEXAMPLE123"}""", Role, Answer.No, "a role that was deleted" },
    };

    [Theory, MemberData(nameof(Principals))]
    public void A_statement_is_about_those_whom_it_names(string principal, string caller, Answer expected, string because)
    {
        var match = Match($$"""{"Effect": "Allow", "Principal": {{principal}}, "Action": "kms:*", "Resource": "*"}""", Request(caller, "kms:Decrypt"));
        Assert.True(expected == match.Applies, because);

        var opposite = Match($$"""{"Effect": "Allow", "NotPrincipal": {{principal}}, "Action": "kms:*", "Resource": "*"}""", Request(caller, "kms:Decrypt"));
        Assert.True(expected.Not() == opposite.Applies, because);
    }

    // condition, whether it holds for a role that calls through S3, why
    public static TheoryData<string, Answer, string> Conditions => new()
    {
        { """{"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}""", Answer.Yes, "the call comes through S3" },
        { """{"stringequals": {"KMS:viaservice": "s3.eu-west-1.amazonaws.com"}}""", Answer.Yes, "case of operator and key" },
        { """{"StringEquals": {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}}""", Answer.No, "another service" },
        { """{"StringEquals": {"kms:CallerAccount": 111122223333}}""", Answer.Yes, "KMS reads a number as text" },
        { """{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}""", Answer.Yes, "a star in the last part reaches over slashes" },
        { """{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:App"}}""", Answer.No, "a star does not reach over colons" },
        { """{"ArnLike": {"aws:PrincipalArn": "arn:*"}}""", Answer.No, "a pattern of an ARN has six parts" },
        { """{"StringEquals": {"aws:PrincipalOrgID": "o-1"}}""", Answer.Unknown, "nobody said which organization" },
        { """{"StringEquals": {"aws:PrincipalOrgID": "o-1", "kms:ViaService": "ec2.eu-west-1.amazonaws.com"}}""", Answer.No, "one that fails decides" },
        { """{"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/${aws:PrincipalTag/team}"}}""", Answer.Unknown, "a policy variable" },
        { """{"StringEquals": {"kms:EncryptionContext:a": "b"}}""", Answer.Unknown, "nobody said which encryption context" },
        { """{"StringEquals": {"kms:GranteePrincipal": "x"}}""", Answer.No, "Decrypt has no grantee" },
        { """{"StringNotEquals": {"kms:GranteePrincipal": "x"}}""", Answer.Yes, "a negated operator holds without the key" },
        { """{"ForAnyValue:StringNotEquals": {"kms:GranteePrincipal": "x"}}""", Answer.No, "one value must be there" },
        { """{"ForAllValues:StringEquals": {"kms:GrantOperations": "x"}}""", Answer.Yes, "all of no values" },
        { """{"StringEqualsIfExists": {"aws:SourceArn": "x"}}""", Answer.Yes, "a principal's call has no source" },
        { """{"Null": {"aws:SourceArn": true}}""", Answer.Yes, "a principal's call has no source" },
        { """{"StringSounds": {"kms:ViaService": "s3"}}""", Answer.Unknown, "no operator of IAM" },
    };

    [Theory, MemberData(nameof(Conditions))]
    public void A_condition_holds_or_does_not_or_depends(string condition, Answer expected, string because)
    {
        var match = Match(
            $$"""{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {{condition}}}""",
            Request(Role, "kms:Decrypt", via: "s3.eu-west-1.amazonaws.com"));

        Assert.True(expected == match.Applies, $"{because}: {string.Join(", ", match.Conditions.Select(one => one.Holds))}");
    }

    [Fact]
    public void A_variable_is_plain_text_in_the_version_that_has_none()
    {
        const string statement = """{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"StringLike": {"aws:PrincipalArn": "*${x}*"}}}""";

        Assert.Equal(Answer.Unknown, Match(statement, Request(Role, "kms:Decrypt")).Applies);
        Assert.Equal(Answer.No, Match(statement, Request(Role, "kms:Decrypt"), version: "2008-10-17").Applies);
    }

    [Theory]
    [InlineData("*", Answer.Yes)]
    [InlineData("arn:aws:kms:eu-west-1:111122223333:key/*", Answer.Yes)]
    [InlineData("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", Answer.Unknown)]
    [InlineData("arn:aws:kms:us-east-1:111122223333:key/*", Answer.No)]
    public void Of_a_key_that_does_not_exist_yet_the_id_is_not_known(string resource, Answer expected) =>
        Assert.Equal(expected, Match($$"""{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "{{resource}}"}""", Request(Role, "kms:Decrypt")).Applies);

    [Theory]
    [InlineData("a*c", "abbc", true)]
    [InlineData("a*b*c", "aXbYbZ", false)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("*", "", true)]
    [InlineData("?", "", false)]
    [InlineData("**a", "ba", true)]
    public void Stars_and_question_marks_stand_for_characters(string pattern, string text, bool expected) =>
        Assert.Equal(expected, WildcardPattern.IsMatch(pattern, text));

    private static StatementMatch Match(string statement, AccessRequest request, string version = "2012-10-17")
    {
        using var document = JsonDocument.Parse($$"""{"Version": "{{version}}", "Statement": [{{statement}}]}""");
        return PolicyEvaluator.Decide(PolicyStatement.ReadAll(document.RootElement), request).Statements.Single();
    }

    private static AccessRequest Request(string caller, string action, string? via = null) => new RequestFacts
    {
        Caller = AccessCaller.TryParse(caller, "aws", Account, out var parsed) ? parsed : throw new ArgumentException(caller),
        Action = action,
        AccountId = Account,
        Region = "eu-west-1",
        KeyArn = KeyArn.Of("eu-west-1", Account),
        ViaService = via,
    }.ToRequest();
}
