using System.Net;
using System.Text.Json;

namespace KmsOperator.Kubernetes;

/// <summary>The Status object with which the API server refuses a request.</summary>
/// <remarks>Source: Kubernetes API reference, Status v1 meta.</remarks>
internal sealed record StatusBody
{
    // The server quotes the refused value in its message, and conditions and logs quote that message.
    private const int LongestText = 1024;
    private const int LargestBody = 64 * 1024;

    public string? Message { get; init; }

    public string? Reason { get; init; }

    public int? Code { get; init; }

    public StatusDetails? Details { get; init; }

    public KubernetesApiException ToException() => new(
        (HttpStatusCode)(Code ?? 500),
        Utf8Text.Truncate(Reason ?? "", LongestText),
        Utf8Text.Truncate(Message ?? "The API server gave no reason.", LongestText),
        Details?.RetryAfterSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null);

    /// <summary>Reads why a request was refused. An answer that is no Status, or too large, is quoted as text.</summary>
    public static async Task<KubernetesApiException> ReadFailureAsync(
        HttpResponseMessage response, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[LargestBody];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        var body = buffer.AsMemory(0, length);
        var status = Parse(body.Span);
        var header = response.Headers.RetryAfter;
        return new KubernetesApiException(
            response.StatusCode,
            Utf8Text.Truncate(status?.Reason ?? "", LongestText),
            Utf8Text.Truncate(status?.Message ?? $"{(int)response.StatusCode} {System.Text.Encoding.UTF8.GetString(body.Span).Trim()}", LongestText),
            header?.Delta ?? (header?.Date - time.GetUtcNow()));
    }

    /// <summary>Returns null if the body is not a Status, for example a proxy's page or the plain text of an unknown path.</summary>
    private static StatusBody? Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, BuiltInJsonContext.Default.StatusBody);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException)
        {
            return null;
        }
    }
}

internal sealed record StatusDetails
{
    public int? RetryAfterSeconds { get; init; }
}
