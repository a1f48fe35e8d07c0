namespace KmsOperator.Aws;

/// <summary>What a request of AWS says, below the SDK.</summary>
public static class AwsRequest
{
    /// <summary>The operation of a JSON request, whose header is <c>X-Amz-Target: TrentService.CreateKey</c>; null for any other, such as those of STS.</summary>
    public static string? OperationOf(HttpRequestMessage request) =>
        request.Headers.NonValidated.TryGetValues("X-Amz-Target", out var values) && values.ToString() is var target
            ? target[(target.LastIndexOf('.') + 1)..]
            : null;

    /// <summary>The Region that a request is signed for, whatever its host is; null without a signature.</summary>
    /// <remarks>Source: AWS Signature Version 4, credential scope: <c>Credential={key id}/{date}/{Region}/kms/aws4_request</c>.</remarks>
    public static string? RegionOf(HttpRequestMessage request) =>
        request.Headers.NonValidated.TryGetValues("Authorization", out var values) && values.ToString().Split('/') is [_, _, var region, ..] ? region : null;

    /// <summary>Whether an operation of KMS manages keys and changes nothing. One that is not known counts as a write.</summary>
    public static bool IsRead(string operation) =>
        operation.StartsWith("Get", StringComparison.Ordinal)
        || operation.StartsWith("List", StringComparison.Ordinal)
        || operation.StartsWith("Describe", StringComparison.Ordinal);
}
