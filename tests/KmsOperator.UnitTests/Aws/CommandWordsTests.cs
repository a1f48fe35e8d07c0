using KmsOperator.Aws;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Aws;

/// <summary>What commands say of AWS's failures: nothing of a next try, and what a person does next.</summary>
public sealed class CommandWordsTests
{
    public static TheoryData<AwsFailureKind> Kinds => [.. Enum.GetValues<AwsFailureKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_message_of_a_failure_promises_a_command_to_try_again(AwsFailureKind kind)
    {
        foreach (var (isRecent, operation) in from recent in (bool[])[false, true] from name in (string?[])[null, "CreateGrant", "ReplicateKey", "PutKeyPolicy"] select (recent, name))
        {
            var message = AwsReconcileError.For(new AwsFailure(kind, operation == "CreateGrant" ? "InvalidArnException" : "Code", "It failed.", operation), "arn:aws:kms:eu-west-1:123456789012:key/1", isRecent).Message;

            var words = OperatorWords.ForCommand(message);

            Assert.DoesNotContain("again", words, StringComparison.OrdinalIgnoreCase);
            Assert.StartsWith(operation is null ? "arn:" : operation, words, StringComparison.Ordinal);
            Assert.EndsWith(".", words, StringComparison.Ordinal);
            Assert.DoesNotContain("..", words, StringComparison.Ordinal);
        }
    }

    // kind, code, what to do next, why
    public static TheoryData<AwsFailureKind, string, string, string> NextSteps => new()
    {
        { AwsFailureKind.AccessDenied, "AccessDeniedException", "Said. Look who is asking (aws sts get-caller-identity)", "the caller, and not the operator, lacks a permission" },
        { AwsFailureKind.AccessDenied, "ExpiredTokenException", "Said. Sign in to AWS again", "no permission helps" },
        { AwsFailureKind.Throttled, "ThrottlingException", "Said. Others use up the quota", "the same call works later" },
        { AwsFailureKind.Unavailable, "HttpRequestException", "Said. Look if the endpoint of the Region can be reached from here", "a network" },
        { AwsFailureKind.NotFound, "NotFoundException", "Said. Look if the id, the Region and the account are the right ones", "a key in another Region" },
        { AwsFailureKind.Unavailable, "NoCredentials", "Said.", "the message has the places already" },
        { AwsFailureKind.InvalidRequest, "ValidationException", "Said.", "AWS says itself what is wrong" },
    };

    [Theory]
    [MemberData(nameof(NextSteps))]
    public void A_failure_comes_with_what_to_do_next(AwsFailureKind kind, string code, string said, string why) =>
        Assert.True(AwsFailureAdvice.Explain(new AwsFailure(kind, code, "Said.")).StartsWith($"{code}: {said}", StringComparison.Ordinal), why);
}
