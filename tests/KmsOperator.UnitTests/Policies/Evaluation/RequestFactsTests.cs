using KmsOperator.Policies.Evaluation;
using Xunit;

namespace KmsOperator.UnitTests.Policies.Evaluation;

public sealed class RequestFactsTests
{
    private const string Account = "111122223333";
    private const string Role = "arn:aws:iam::111122223333:role/team/App";
    private const string S3 = "s3.amazonaws.com";

    // The condition key, who calls, and its value: "-" where the request has none, "?" where that is not known.
    public static TheoryData<string, string, string, string> Values => new()
    {
        { "kms:CallerAccount", Role, Account, "the account of a role" },
        { "kms:CallerAccount", S3, "-", "a service has no account" },
        { "aws:PrincipalAccount", Role, Account, "the account of a role" },
        { "AWS:principalaccount", Role, Account, "names have no case" },
        { "aws:PrincipalAccount", S3, "-", "a service has no account" },
        { "aws:PrincipalArn", Role, Role, "the ARN of the role" },
        { "aws:PrincipalArn", "arn:aws:sts::111122223333:assumed-role/App/one", "?", "a session's ARN leaves out the path of its role" },
        { "aws:PrincipalArn", S3, "-", "a service has no ARN" },
        { "aws:PrincipalType", Role, "AssumedRole", "a role calls in a session" },
        { "aws:PrincipalType", "arn:aws:sts::111122223333:assumed-role/App/one", "AssumedRole", "a session" },
        { "aws:PrincipalType", "arn:aws:iam::111122223333:user/alice", "User", "a user" },
        { "aws:PrincipalType", "arn:aws:sts::111122223333:federated-user/bob", "FederatedUser", "a federated user" },
        { "aws:PrincipalType", Account, "Account", "the root user" },
        { "aws:PrincipalType", S3, "-", "a service" },
        { "aws:PrincipalIsAWSService", Role, "false", "a role" },
        { "aws:PrincipalIsAWSService", S3, "true", "a service" },
        { "aws:PrincipalServiceName", Role, "-", "a role" },
        { "aws:PrincipalServiceName", S3, S3, "a service" },
        { "aws:PrincipalServiceNamesList", Role, "-", "a role" },
        { "aws:PrincipalServiceNamesList", S3, "?", "a service has several names" },
        { "aws:SourceArn", Role, "-", "only services say for which resource they call" },
        { "aws:SourceAccount", Role, "-", "only services say for which resource they call" },
        { "aws:SourceOrgID", Role, "-", "only services say for which resource they call" },
        { "aws:SourceOrgPaths", Role, "-", "only services say for which resource they call" },
        { "aws:SourceArn", S3, "?", "a service's resource is not known" },
        { "aws:SourceAccount", S3, "?", "a service's resource is not known" },
        { "aws:ViaAWSService", Role, "false", "the role calls itself" },
        { "kms:ViaService", Role, "-", "the role calls itself" },
        { "aws:ResourceAccount", Role, Account, "the key's" },
        { "aws:RequestedRegion", Role, "eu-west-1", "the key's" },
        { "aws:SecureTransport", Role, "true", "KMS takes no other call" },
        { "aws:ResourceTag/team", Role, "a", "the key has the tag" },
        { "aws:resourcetag/team", Role, "a", "names have no case" },
        { "aws:ResourceTag/other", Role, "?", "the key may have more tags" },
        { "aws:PrincipalTag/team", Role, "?", "nobody said which tags the role has" },
        { "aws:SourceIp", Role, "?", "nobody said from where" },
        { "kms:KeySpec", Role, "RSA_2048", "the key's" },
        { "kms:CustomerMasterKeySpec", Role, "RSA_2048", "the old name of it" },
        { "kms:KeyUsage", Role, "?", "nobody said it" },
        { "kms:GranteePrincipal", Role, "-", "Decrypt has no grantee" },
        { "kms:EncryptionContext:a", Role, "?", "nobody said which encryption context" },
        { "kms:EncryptionAlgorithm", Role, "?", "nobody said which algorithm" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void A_condition_key_has_the_value_that_follows_from_the_request(string key, string caller, string expected, string why) =>
        Assert.True(Describe(Facts(caller), key) == expected, $"{why}: {Describe(Facts(caller), key)}");

    [Fact]
    public void A_call_through_a_service_says_so()
    {
        var facts = Facts(Role) with { ViaService = "s3.eu-west-1.amazonaws.com" };

        Assert.Equal("s3.eu-west-1.amazonaws.com", Describe(facts, "kms:ViaService"));
        Assert.Equal("true", Describe(facts, "aws:ViaAWSService"));
        Assert.Equal("true", Describe(facts with { Action = "kms:CreateGrant" }, "kms:GrantIsForAWSResource"));
        Assert.Equal("true", Describe(Facts(S3) with { Action = "kms:CreateGrant" }, "kms:GrantIsForAWSResource"));
        Assert.Equal("false", Describe(Facts(Role) with { Action = "kms:CreateGrant" }, "kms:GrantIsForAWSResource"));
    }

    [Theory]
    [InlineData(null, "?", "?")]
    [InlineData(true, "true", "?")]
    [InlineData(false, "false", "-")]
    public void Only_a_multi_Region_key_has_a_type(bool? multiRegion, string expected, string type)
    {
        // Not every request has these keys; those of CreateKey have them.
        var facts = Facts(Role) with { MultiRegion = multiRegion, Action = "kms:CreateKey" };

        Assert.Equal(expected, Describe(facts, "kms:MultiRegion"));
        Assert.Equal(type, Describe(facts, "kms:MultiRegionKeyType"));
    }

    [Fact]
    public void One_pair_of_the_encryption_context_says_that_there_are_no_others()
    {
        var facts = Facts(Role) with { KeySpec = null, Given = new Dictionary<string, IReadOnlyList<string>> { ["kms:encryptioncontext:a"] = ["b"] } };

        Assert.Equal("b", Describe(facts, "kms:EncryptionContext:a"));
        Assert.Equal("-", Describe(facts, "kms:EncryptionContext:other"));
        Assert.Equal("a", Describe(facts, "kms:EncryptionContextKeys"));
        Assert.Equal("?", Describe(facts with { Given = new Dictionary<string, IReadOnlyList<string>>() }, "kms:EncryptionContextKeys"));
    }

    private static string Describe(RequestFacts facts, string key) => facts.ValueOf(key) switch
    {
        { IsKnown: false } => "?",
        { Values: { } values } => string.Join(' ', values),
        _ => "-",
    };

    private static RequestFacts Facts(string caller) => new()
    {
        Caller = AccessCaller.TryParse(caller, "aws", Account, out var parsed) ? parsed : throw new ArgumentException(caller),
        Action = "kms:Decrypt",
        AccountId = Account,
        Region = "eu-west-1",
        KeyArn = KeyArn.Of("eu-west-1", Account),
        KeySpec = "RSA_2048",
        Tags = new Dictionary<string, string> { ["team"] = "a" },
    };
}
