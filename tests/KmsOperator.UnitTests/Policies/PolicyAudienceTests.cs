using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Policies;

public sealed class PolicyAudienceTests
{
    private const string Own = "123456789012";

    public static TheoryData<string, string, string> Audiences => new()
    {
        { """{"AWS": "arn:aws:iam::123456789012:root"}""", "the own account", "the account's root" },
        { """{"AWS": ["123456789012", "arn:aws:iam::999999999999:role/R"]}""", "the own account, account 999999999999", "a role of another account" },
        { """{"Service": "logs.us-east-1.amazonaws.com"}""", "service logs.us-east-1.amazonaws.com", "a service" },
        { "\"*\"", "everybody", "no condition" },
        { """{"AWS": "*"}, "Condition": {"StringEquals": {"kms:CallerAccount": ["123456789012", "999999999999"]}}""", "the own account, account 999999999999", "accounts by condition" },
        { """{"AWS": "*"}, "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}""", "everybody", "a service in between is open to all accounts" },
        { """{"AWS": "*"}, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}""", "organization o-1", "an organization" },
        { """{"AWS": "*"}, "Condition": {"StringEqualsIfExists": {"aws:PrincipalAccount": "123456789012"}}""", "everybody", "a condition that need not apply" },
        { """{"AWS": "*"}, "Condition": {"StringNotEquals": {"kms:CallerAccount": "123456789012"}}""", "everybody", "all but one" },
        { """{"AWS": "*"}, "Condition": {"StringEquals": {"kms:EncryptionContext:account": "123456789012"}}""", "everybody", "the caller chooses the encryption context" },
        { """{"AWS": "*"}, "Condition": {"ArnLike": {"kms:EncryptionContext:aws:sqs:arn": "arn:aws:sqs:us-east-1:123456789012:q"}}""", "everybody", "the caller chooses the encryption context" },
        { """{"AWS": "*"}, "Condition": {"StringEquals": {"aws:PrincipalTag/account": "123456789012"}}""", "everybody", "anybody tags their own roles" },
        { """{"AWS": "*"}, "Condition": {"StringEquals": {"kms:CallerAccount": ["123456789012", "*"]}}""", "everybody", "one of the values is no account" },
        { """{"AWS": "*"}, "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}""", "everybody", "any organization" },
        { """{"AWS": "*"}, "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/R"}}""", "everybody", "a role of that name in any account" },
    };

    [Theory]
    [MemberData(nameof(Audiences))]
    public void The_audience_is_whom_principals_and_conditions_leave(string principal, string expected, string why)
    {
        var policy = $$"""{"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Principal": {{principal}}}]}""";

        Assert.True(string.Join(", ", PolicyAudience.Of(policy, Own)) == expected, why);
    }

    [Fact]
    public void Denied_principals_are_no_audience() => Assert.Empty(
        PolicyAudience.Of("""{"Statement": {"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Principal": "*"}}""", Own));

    public static TheoryData<string, string, string?, string> Losses => new()
    {
        { """{"Action": ["kms:Decrypt", "kms:Encrypt"]}""", """{"Action": "kms:Decrypt"}""", "123456789012: kms:Encrypt", "an action goes" },
        { """{"Action": "kms:Decrypt"}""", """{"Action": "kms:*"}""", null, "a wildcard covers it" },
        { """{"Action": "kms:Decrypt", "Condition": {"StringEquals": {"kms:CallerAccount": "1"}}}""", """{"Action": "kms:Decrypt", "Condition": {"StringEquals": {"kms:CallerAccount": ["1", "2"]}}}""", null, "a condition with more values holds more often" },
        { """{"Action": "kms:Decrypt"}""", """{"Action": "kms:Decrypt", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}""", "123456789012: kms:Decrypt", "a condition comes" },
        { """{"Action": "kms:Decrypt", "Condition": {"StringEquals": {"kms:CallerAccount": ["1", "2"]}}}""", """{"Action": "kms:Decrypt", "Condition": {"StringEquals": {"kms:CallerAccount": "1"}}}""", "123456789012: kms:Decrypt", "a condition with fewer values holds less often" },
        { """{"Action": "kms:Decrypt", "Condition": {"StringNotEquals": {"kms:CallerAccount": "1"}}}""", """{"Action": "kms:Decrypt", "Condition": {"StringNotEquals": {"kms:CallerAccount": ["1", "2"]}}}""", "123456789012: kms:Decrypt", "a negated condition with more values holds less often" },
        { """{"Action": "kms:Decrypt", "Condition": {"StringNotEquals": {"kms:CallerAccount": "1"}}}""", """{"Action": "kms:Decrypt", "Condition": {"StringNotEquals": {"kms:CallerAccount": "1"}}}""", null, "a negated condition that stays" },
        { """{"Action": "kms:Decrypt", "Sid": "A"}""", """{"Action": "kms:decrypt", "Sid": "B"}""", null, "names and case mean nothing" },
    };

    [Theory]
    [MemberData(nameof(Losses))]
    public void Access_is_lost_where_no_statement_gives_it_any_more(string before, string after, string? lost, string why)
    {
        static string Policy(string statement) => $$"""{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Resource": "*", {{statement.Trim()[1..]}}]}""";

        Assert.True(string.Join("; ", AccessLoss.Find(Policy(before), Policy(after))) == (lost ?? ""), why);
    }

    [Fact]
    public void A_denial_that_was_there_takes_nothing_away() => Assert.Empty(AccessLoss.Find(
        """{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}]}""",
        """{"Statement": [{"Sid": "Renamed", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}]}"""));

    [Fact]
    public void A_new_denial_takes_access_away() => Assert.StartsWith("denied: ", Assert.Single(AccessLoss.Find(
        """{"Statement": []}""", """{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}]}""")), StringComparison.Ordinal);
}
