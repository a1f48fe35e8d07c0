using System.Net;
using Amazon.KeyManagementService;
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

    [Fact]
    public void A_lost_connection_leaves_the_effect_open_and_a_bug_is_no_failure_of_AWS()
    {
        Assert.True(AwsFailure.Of(new HttpRequestException())!.EffectIsUnknown);
        Assert.True(AwsFailure.Of(new TimeoutException())!.EffectIsUnknown);
        Assert.Null(AwsFailure.Of(new InvalidOperationException()));
    }
}
