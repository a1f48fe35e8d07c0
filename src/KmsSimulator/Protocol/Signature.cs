using System.Text.RegularExpressions;
using KmsSimulator.State;

namespace KmsSimulator.Protocol;

/// <summary>What the signature of a request says. It is read, never verified: any credentials are accepted.</summary>
/// <param name="AccessKeyId">Whose.</param>
/// <param name="Region">The Region of the credential scope.</param>
/// <remarks>Source: AWS IAM user guide, "AWS Signature Version 4 for API requests".</remarks>
internal sealed partial record Signature(string AccessKeyId, string Region)
{
    /// <summary>Reads the Authorization header or, of a presigned request, the query; null when it is not signed.</summary>
    /// <exception cref="ServiceException">It is not Signature Version 4, or its scope is not that of a Region.</exception>
    public static Signature? Read(HttpRequest request)
    {
        var text = request.Headers.Authorization.ToString();
        if (text.Length == 0 && request.Query.TryGetValue("X-Amz-Credential", out var credential))
            text = $"Credential={credential}";
        if (text.Length == 0)
            return null;
        var match = Credential().Match(text);
        if (!match.Success)
        {
            throw new ServiceException(
                "IncompleteSignatureException", "Authorization has no Credential of the form KEY/DATE/REGION/SERVICE/aws4_request.");
        }

        var region = match.Groups["region"].Value;
        return Arn.IsRegion(region)
            ? new Signature(match.Groups["key"].Value, region)
            : throw new ServiceException(
                "InvalidSignatureException", $"Credential should be scoped to a valid region, not '{Errors.Shown(region)}'.");
    }

    [GeneratedRegex("Credential=(?<key>[^/,\\s]+)/[0-9]{8}/(?<region>[^/]+)/[^/]+/aws4_request", RegexOptions.ExplicitCapture)]
    private static partial Regex Credential();
}
