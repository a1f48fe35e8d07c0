using System.Net;
using Amazon.KeyManagementService;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using KmsOperator.Aws;
using Xunit;

namespace KmsOperator.UnitTests.Aws;

public sealed class AwsFailureTests
{
    [Fact]
    public void A_call_that_its_caller_has_ended_is_no_failure_of_AWS()
    {
        var ended = new OperationCanceledException();

        Assert.Null(AwsFailure.Of(ended, new CancellationToken(canceled: true)));
        Assert.Equal(AwsFailureKind.Unavailable, AwsFailure.Of(ended, CancellationToken.None, "DescribeKey")?.Kind);
    }

    // code, status, message, kind, why
    public static TheoryData<string, HttpStatusCode, string, AwsFailureKind, string> Answers => new()
    {
        { "NotFoundException", HttpStatusCode.BadRequest, "", AwsFailureKind.NotFound, "KMS's own" },
        { "ThrottlingException", HttpStatusCode.BadRequest, "", AwsFailureKind.Throttled, "in no model, and HTTP 400" },
        { "Throttling", HttpStatusCode.BadRequest, "", AwsFailureKind.Throttled, "STS's spelling" },
        { "LimitExceededException", HttpStatusCode.BadRequest, "", AwsFailureKind.QuotaExceeded, "a quota, which no retry helps" },
        { "AccessDeniedException", HttpStatusCode.BadRequest, "", AwsFailureKind.AccessDenied, "KMS's spelling" },
        { "AccessDenied", HttpStatusCode.Forbidden, "", AwsFailureKind.AccessDenied, "STS's spelling" },
        { "ExpiredToken", HttpStatusCode.BadRequest, "", AwsFailureKind.AccessDenied, "credentials" },
        { "MalformedPolicyDocumentException", HttpStatusCode.BadRequest, "Policy contains a statement with one or more invalid principals.", AwsFailureKind.InvalidPrincipal, "only the text tells" },
        { "MalformedPolicyDocumentException", HttpStatusCode.BadRequest, "The new key policy will not allow you to update the key policy in the future.", AwsFailureKind.PolicyLockout, "only the text tells" },
        { "MalformedPolicyDocumentException", HttpStatusCode.BadRequest, "bad", AwsFailureKind.InvalidPolicy, "the rest" },
        { "KMSInvalidStateException", HttpStatusCode.BadRequest, "", AwsFailureKind.InvalidState, "typed only on some operations" },
        { "KMSInternalException", HttpStatusCode.InternalServerError, "", AwsFailureKind.Unavailable, "the effect is unknown" },
        { "", HttpStatusCode.BadGateway, "", AwsFailureKind.Unavailable, "a proxy's answer has no code" },
        { "", HttpStatusCode.Forbidden, "", AwsFailureKind.Unavailable, "AWS gives a code, so something before it has refused the request" },
        { "ValidationException", HttpStatusCode.BadRequest, "", AwsFailureKind.InvalidRequest, "nothing happened" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void An_answer_is_classified_by_code_and_status(string code, HttpStatusCode status, string message, AwsFailureKind kind, string why)
    {
        var failure = AwsFailure.Of(new AmazonKeyManagementServiceException(message) { ErrorCode = code, StatusCode = status });
        Assert.True(failure!.Kind == kind, why);
        Assert.Equal(kind == AwsFailureKind.Unavailable, failure.EffectIsUnknown);
    }

    // what the SDK throws, what is said, why
    public static TheoryData<Exception, string, string> WithoutCredentials => new()
    {
        { Chain(), "No AWS credentials were found: not in AWS_ACCESS_KEY_ID", "each place, and no list of exceptions" },
        { Chain(), "`aws configure export-credentials --format env`", "what to do" },
        { Chain("The profile [work] is an SSO profile.  This type is not allowed here."), "The AWS SDK adds: The profile [work] is an SSO profile. This type is not allowed here.", "a place that was configured, and does not work" },
        { new ProfileNotFoundException("Unable to find the \"work\" profile."), "Unable to find the \"work\" profile. AWS_PROFILE names it", "a profile that is not there" },
        { new ProcessAWSCredentialException("Command returned non-zero exit value 1 with the error - "), "credential_process of the AWS profile failed: Command returned non-zero exit value 1 with the error.", "a program that fails" },
        { new AmazonServiceException("Unable to retrieve credentials. Message = \"Connection refused\""), "AWS_CONTAINER_CREDENTIALS_FULL_URI", "an agent that does not answer" },
        { new InvalidOperationException("A token could not be loaded from the WebIdentityTokenFile.", new FileNotFoundException("Could not find file '/var/token'.")), "Could not find file '/var/token'. AWS_WEB_IDENTITY_TOKEN_FILE", "no exception of the SDK's own" },
    };

    [Theory]
    [MemberData(nameof(WithoutCredentials), DisableDiscoveryEnumeration = true)]
    public void Where_there_are_no_credentials_one_sentence_says_where_they_are_looked_for(Exception thrown, string words, string why)
    {
        var failure = AwsFailure.Of(thrown, "DescribeKey")!;

        Assert.True(failure is { Kind: AwsFailureKind.Unavailable, Code: "NoCredentials", Operation: "DescribeKey" }, why);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.EndsWith(".", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lost_connection_leaves_the_effect_open_and_a_bug_is_no_failure_of_AWS()
    {
        Assert.True(AwsFailure.Of(new HttpRequestException())!.EffectIsUnknown);
        Assert.True(AwsFailure.Of(new TimeoutException())!.EffectIsUnknown);
        Assert.Null(AwsFailure.Of(new InvalidOperationException()));
    }

    private static AmazonClientException Chain(string ofProfile = "Unable to find the \"default\" profile.") => new(
        $"""
        Failed to resolve AWS credentials. The credential providers used to search for credentials returned the following errors:

        Exception 1 of 4: The environment variables AWS_ACCESS_KEY_ID/AWS_SECRET_ACCESS_KEY/AWS_SESSION_TOKEN were not set with AWS credentials.
        Exception 2 of 4: The webIdentityTokenFile must be an absolute path. (Parameter 'webIdentityTokenFile')
        Exception 3 of 4: {ofProfile}
        Exception 4 of 4: Failed to connect to EC2 instance metadata to retrieve credentials: Unable to retrieve credentials..

        """);
}
