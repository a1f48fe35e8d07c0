using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;

namespace KmsOperator.Aws;

/// <summary>Says in plain words that there are no AWS credentials. The SDK lists an exception for each place where it has looked.</summary>
public static class CredentialFailure
{
    /// <summary>Stands where AWS's error code does.</summary>
    public const string Code = "NoCredentials";

    private const string Nowhere =
        "No AWS credentials were found: not in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, not by AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE (a pod's service account), "
        + "not in the profile of ~/.aws that AWS_PROFILE names (else \"default\"), and not from the container or the EC2 instance. "
        + "Set one of them; `aws configure export-credentials --format env` prints as variables what the AWS CLI uses.";

    // What the SDK says of a place where nothing was configured.
    private static readonly string[] NothingThere =
        ["The environment variables AWS_ACCESS_KEY_ID", "The webIdentityTokenFile must be", "Unable to find the \"default\" profile", "Failed to connect to EC2 instance metadata"];

    /// <summary>What is wrong with the credentials, where it was looked and what to do.</summary>
    /// <param name="exception">What a call has thrown.</param>
    /// <returns>Null for exceptions about something else.</returns>
    public static string? Describe(Exception exception) => exception switch
    {
        AmazonClientException when exception.Message.StartsWith("Failed to resolve AWS credentials", StringComparison.Ordinal) => $"{Nowhere}{string.Concat(Details(exception.Message))}",
        ProfileNotFoundException => $"{Sentence(exception.Message)} AWS_PROFILE names it; the profiles are in ~/.aws/config and ~/.aws/credentials.",
        ProcessAWSCredentialException => $"The credential_process of the AWS profile failed: {Sentence(exception.Message)}",
        AmazonServiceException { StatusCode: 0 } when exception.Message.StartsWith("Unable to retrieve credentials", StringComparison.Ordinal) =>
            $"{Sentence(exception.Message)} AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI says where they are asked for.",
        InvalidOperationException when exception.Message.Contains("WebIdentityTokenFile", StringComparison.Ordinal) =>
            $"The token of the web identity cannot be read: {Sentence(exception.GetBaseException().Message)} AWS_WEB_IDENTITY_TOKEN_FILE names its file.",
        _ => null,
    };

    private static IEnumerable<string> Details(string message) => message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Where(line => line.StartsWith("Exception ", StringComparison.Ordinal) && line.Contains(": ", StringComparison.Ordinal))
        .Select(line => line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..])
        .Where(detail => !NothingThere.Any(start => detail.StartsWith(start, StringComparison.Ordinal)))
        .Select(detail => $" The AWS SDK adds: {Sentence(detail)}");

    private static string Sentence(string text) => $"{string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.', ' ', '-')}.";
}
