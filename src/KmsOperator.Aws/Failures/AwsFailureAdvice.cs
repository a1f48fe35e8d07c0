namespace KmsOperator.Aws;

/// <summary>Says to whoever runs a command what AWS answered, and what to do next. A command does not try again, as the operator does.</summary>
public static class AwsFailureAdvice
{
    private const string RunAgain = "run the command again";

    /// <summary>The failure and the next thing to do, in sentences.</summary>
    /// <param name="failure">The failed call.</param>
    public static string Explain(AwsFailure failure)
    {
        var said = $"{failure.Code}: {string.Join(' ', failure.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.')}.";
        return NextStep(failure.Kind, failure.Code) is { } next ? $"{said} {next}" : said;
    }

    /// <summary>The next thing to do; null where AWS's own words say it, or nobody knows.</summary>
    /// <param name="kind">What the failure means.</param>
    /// <param name="code">AWS's error code.</param>
    private static string? NextStep(AwsFailureKind kind, string code) => kind switch
    {
        // The message itself has the places where credentials can be.
        _ when code == CredentialFailure.Code => null,
        _ when code.StartsWith("ExpiredToken", StringComparison.Ordinal) => $"Sign in to AWS again, then {RunAgain}.",
        AwsFailureKind.AccessDenied => $"Look who is asking (aws sts get-caller-identity), give that principal the permission by IAM and by the key policy, then {RunAgain}.",
        AwsFailureKind.Throttled => $"Others use up the quota of the account at the moment; wait some minutes, then {RunAgain}.",
        AwsFailureKind.Unavailable => $"Look if the endpoint of the Region can be reached from here (proxy, VPC endpoint, AWS_ENDPOINT_URL_KMS), then {RunAgain}.",
        AwsFailureKind.NotFound => "Look if the id, the Region and the account are the right ones.",
        _ => null,
    };
}
