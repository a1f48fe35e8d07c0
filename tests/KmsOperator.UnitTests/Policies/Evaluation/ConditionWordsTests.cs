using System.Text.Json;
using KmsOperator.Policies.Evaluation;
using Xunit;

namespace KmsOperator.UnitTests.Policies.Evaluation;

public sealed class ConditionWordsTests
{
    [Theory]
    [InlineData("""{"StringEquals": {"kms:ViaService": ["s3.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com"]}}""", "through s3.eu-west-1.amazonaws.com or sqs.eu-west-1.amazonaws.com")]
    [InlineData("""{"StringNotEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}""", "kms:ViaService is not s3.eu-west-1.amazonaws.com")]
    [InlineData("""{"StringEqualsIfExists": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}""", "kms:ViaService is s3.eu-west-1.amazonaws.com, or without kms:ViaService")]
    [InlineData("""{"StringEquals": {"kms:CallerAccount": "111122223333"}}""", "from account 111122223333")]
    [InlineData("""{"StringEquals": {"aws:PrincipalAccount": "111122223333"}}""", "from account 111122223333")]
    [InlineData("""{"Bool": {"kms:GrantIsForAWSResource": "true"}}""", "grants for AWS services only")]
    [InlineData("""{"Bool": {"kms:GrantIsForAWSResource": "false"}}""", "grants that are not for AWS services")]
    [InlineData("""{"Bool": {"kms:ReEncryptOnSameKey": "true"}}""", "re-encrypting with the same key")]
    [InlineData("""{"Bool": {"kms:ReEncryptOnSameKey": "false"}}""", "re-encrypting with another key")]
    [InlineData("""{"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}""", "from organization o-a1b2c3d4e5")]
    [InlineData("""{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}""", "as arn:aws:iam::111122223333:role/*")]
    [InlineData("""{"StringEquals": {"aws:SourceAccount": "111122223333"}}""", "for resources of account 111122223333")]
    [InlineData("""{"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}""", "for resources of organization o-a1b2c3d4e5")]
    [InlineData("""{"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}}""", "for resource arn:aws:s3:::bucket")]
    [InlineData("""{"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::bucket/*"}}""", "with encryption context aws:s3:arn like arn:aws:s3:::bucket/*")]
    [InlineData("""{"Null": {"kms:EncryptionContext:a": "true"}}""", "without kms:EncryptionContext:a")]
    [InlineData("""{"Null": {"kms:EncryptionContext:a": "false"}}""", "with any kms:EncryptionContext:a")]
    [InlineData("""{"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "Encrypt"]}}""", "every kms:GrantOperations is Decrypt or Encrypt")]
    [InlineData("""{"ForAnyValue:StringEquals": {"kms:GrantOperations": "Decrypt"}}""", "one kms:GrantOperations is Decrypt")]
    [InlineData("""{"StringNotLike": {"aws:PrincipalTag/team": "a*"}}""", "aws:PrincipalTag/team not like a*")]
    [InlineData("""{"StringEqualsIgnoreCase": {"aws:PrincipalTag/team": "a"}}""", "aws:PrincipalTag/team is (in any case) a")]
    [InlineData("""{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}""", "aws:SourceIp in 10.0.0.0/8")]
    [InlineData("""{"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}""", "aws:SourceIp not in 10.0.0.0/8")]
    [InlineData("""{"NumericLessThan": {"kms:RotationPeriodInDays": "100"}}""", "kms:RotationPeriodInDays is less than 100")]
    [InlineData("""{"NumericLessThanEquals": {"kms:RotationPeriodInDays": "100"}}""", "kms:RotationPeriodInDays is at most 100")]
    [InlineData("""{"NumericGreaterThan": {"kms:RotationPeriodInDays": "100"}}""", "kms:RotationPeriodInDays is more than 100")]
    [InlineData("""{"NumericGreaterThanEquals": {"kms:RotationPeriodInDays": "100"}}""", "kms:RotationPeriodInDays is at least 100")]
    [InlineData("""{"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}""", "aws:CurrentTime is before 2027-01-01T00:00:00Z")]
    [InlineData("""{"DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}""", "aws:CurrentTime is after 2027-01-01T00:00:00Z")]
    [InlineData("""{"StringSounds": {"aws:PrincipalTag/team": "a"}}""", "StringSounds aws:PrincipalTag/team a")]
    [InlineData("""{"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "Bool": {"kms:GrantIsForAWSResource": "true"}}""", "from organization o-a1b2c3d4e5, grants for AWS services only")]
    [InlineData("{}", "always")]
    public void A_condition_is_said_in_plain_words(string condition, string words)
    {
        using var document = JsonDocument.Parse(
            $$"""{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {{condition}}}]}""");

        Assert.Equal(words, ConditionWords.Of(PolicyStatement.ReadAll(document.RootElement).Single().Conditions));
    }
}
