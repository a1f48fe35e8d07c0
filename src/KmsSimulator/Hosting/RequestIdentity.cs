using System.Text.RegularExpressions;

namespace KmsSimulator;

/// <summary>What the signature of a request says of its caller. It is read, not verified.</summary>
/// <param name="AccessKeyId">The access key; null for unsigned requests.</param>
/// <param name="Region">The Region that the request was signed for.</param>
internal sealed partial record RequestIdentity(string? AccessKeyId, string Region)
{
    /// <summary>Reads an Authorization header.</summary>
    /// <remarks>Source: AWS IAM user guide, "Authenticating requests (AWS Signature Version 4)".</remarks>
    public static RequestIdentity Of(string? authorization) =>
        authorization is not null && Credential().Match(authorization) is { Success: true } match
            ? new RequestIdentity(match.Groups["key"].Value, match.Groups["region"].Value)
            : new RequestIdentity(null, "us-east-1");

    [GeneratedRegex("Credential=(?<key>[^/,]+)/[0-9]{8}/(?<region>[^/]+)/[^/]+/aws4_request", RegexOptions.ExplicitCapture)]
    private static partial Regex Credential();
}
