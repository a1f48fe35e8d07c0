using System.Net;
using System.Text;
using System.Text.Json;

namespace KmsOperator.Kubernetes;

/// <summary>How the API server says no.</summary>
/// <remarks>Source: Kubernetes API reference, Status v1 meta.</remarks>
internal sealed record StatusBody
{
    private const int LongestText = 1024;

    public string? Message { get; init; }

    public string? Reason { get; init; }

    public int? Code { get; init; }

    public StatusDetails? Details { get; init; }

    public KubernetesApiException ToException() => new(
        (HttpStatusCode)(Code ?? 500),
        Reason ?? "",
        Message ?? "The API server gave no reason.",
        Details?.RetryAfterSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null);

    public static async Task<KubernetesApiException> ReadFailureAsync(
        HttpResponseMessage response, TimeProvider time, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var status = Parse(body);
        var text = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, LongestText))).Trim();
        var header = response.Headers.RetryAfter;
        return new KubernetesApiException(
            response.StatusCode,
            status?.Reason ?? "",
            status?.Message ?? $"{(int)response.StatusCode} {text}",
            header?.Delta ?? (header?.Date - time.GetUtcNow()));
    }

    /// <summary>Null when the body is no Status: a proxy's page, or the plain text of an unknown path.</summary>
    private static StatusBody? Parse(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, BuiltInJsonContext.Default.StatusBody);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

internal sealed record StatusDetails
{
    public int? RetryAfterSeconds { get; init; }
}
