using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace KmsOperator.Aws;

/// <summary>
/// Keeps the KMS calls of one account and Region within the limiter. A call that would have to wait too long is answered here,
/// as KMS answers throttled ones: everything behind it treats both the same, and nothing was sent.
/// </summary>
/// <remarks>It sits below the SDK, so that the SDK's own repetitions are counted as well.</remarks>
internal sealed class RateLimitingHandler(
    RequestRateLimiter limiter, string account, string region, HttpMessageHandler inner, RequestMetrics? metrics = null) : DelegatingHandler(inner)
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (AwsOperation.Of(request) is not { } operation)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        if (await limiter.TakeAsync(account, region, operation, MaxWait, cancellationToken) is not { } granted)
        {
            return Refuse(request, operation);
        }

        metrics?.Waited(AwsClients.AccountLabel(account), region, granted.Waited);

        var response = await base.SendAsync(request, cancellationToken);
        if (await IsThrottledAsync(response, cancellationToken))
        {
            granted.WasThrottled();
        }
        else if (response.StatusCode < HttpStatusCode.InternalServerError)
        {
            granted.WasServed();
        }

        return response;
    }

    private static async Task<bool> IsThrottledAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode < HttpStatusCode.BadRequest)
        {
            return false;
        }

        // Read into memory, so that the SDK can read it once more.
        await response.Content.LoadIntoBufferAsync(cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.StatusCode == HttpStatusCode.TooManyRequests || AwsFailure.IsThrottling(AwsOperation.ErrorCodeOf(body));
    }

    private HttpResponseMessage Refuse(HttpRequestMessage request, string operation)
    {
        var text = $"The operator's own budget for {operation} in account {(account.Length > 0 ? account : "of its own credentials")}, {region} is used up; "
            + "nothing was sent. --quota-share sets the limiter.";
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("__type", "ThrottlingException");
            json.WriteString("message", text);
            json.WriteEndObject();
        }

        var content = new ByteArrayContent(body.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.1");
        return new HttpResponseMessage(HttpStatusCode.BadRequest) { RequestMessage = request, Content = content };
    }
}
