using System.Text.RegularExpressions;

namespace KmsOperator.Aws;

/// <summary>An SQS queue, as its URL names it.</summary>
/// <param name="Url">As SQS gave it, for example <c>https://sqs.eu-west-1.amazonaws.com/111122223333/kms-events</c>.</param>
/// <param name="Region">The Region that its requests are signed for.</param>
/// <remarks>Source: AWS General Reference, "Amazon Simple Queue Service endpoints and quotas"; SQS developer guide, "Queue and message identifiers".</remarks>
public sealed partial record QueueUrl(Uri Url, string Region)
{
    private const int LongestUrl = 512;

    /// <summary>Where its requests go: the URL without the path.</summary>
    public string Endpoint => Url.GetLeftPart(UriPartial.Authority);

    /// <summary>Reads a URL.</summary>
    /// <param name="text">The URL.</param>
    /// <param name="defaultRegion">The Region of a URL whose host names none, as those of a proxy or a simulator; null if there is none.</param>
    /// <exception cref="FormatException">It is not a queue's URL, or its Region is not known.</exception>
    public static QueueUrl Parse(string text, string? defaultRegion)
    {
        if (text.Length > LongestUrl || !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http")
            || url.Query.Length > 0 || url.Fragment.Length > 0 || url.UserInfo.Length > 0 || !Path().IsMatch(url.AbsolutePath))
        {
            throw new FormatException("is not the URL of an SQS queue such as https://sqs.eu-west-1.amazonaws.com/111122223333/kms-events");
        }

        if (url.AbsolutePath.EndsWith(".fifo", StringComparison.Ordinal))
        {
            throw new FormatException("is a FIFO queue, and a standard queue is needed");
        }

        var match = Host().Match(url.Host);
        var region = match.Success ? match.Groups["region"].Value : defaultRegion;
        return region is { Length: > 0 }
            ? new QueueUrl(url, region)
            : throw new FormatException("does not name its Region; set AWS_REGION");
    }

    /// <inheritdoc />
    public override string ToString() => Url.OriginalString;

    [GeneratedRegex(@"^/[0-9]{12}/[A-Za-z0-9_-]{1,80}(\.fifo)?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Path();

    // sqs.REGION.amazonaws.com, sqs.REGION.api.aws, sqs-fips.REGION..., VPCE.sqs.REGION.vpce.amazonaws.com, and the old REGION.queue.amazonaws.com.
    [GeneratedRegex(@"(^|\.)(sqs(-fips)?\.(?<region>([a-z]+-){2,3}[0-9]+)|(?<region>([a-z]+-){2,3}[0-9]+)\.queue)\.", RegexOptions.ExplicitCapture)]
    private static partial Regex Host();
}
