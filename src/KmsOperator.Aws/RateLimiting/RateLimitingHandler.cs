using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace KmsOperator.Aws;

/// <summary>
/// Applies the rate limiter to the KMS calls of one account and Region. A call that would have to wait too long is not sent. It is
/// answered here in the form in which KMS answers a throttled call, so that callers treat both in the same way.
/// </summary>
/// <remarks>This handler is below the SDK, so that each retry of the SDK is counted too.</remarks>
internal sealed class RateLimitingHandler(
    RequestRateLimiter limiter, string account, string region, HttpMessageHandler inner, RequestMetrics? metrics = null) : DelegatingHandler(inner)
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (AwsRequest.OperationOf(request) is not { } operation)
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }

        if (await limiter.TakeAsync(account, region, operation, MaxWait, cancellationToken).ConfigureAwait(false) is not { } granted)
        {
            return Refuse(request, operation);
        }

        metrics?.Waited(AwsClients.AccountLabel(account), region, granted.Waited);

        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (await IsThrottledAsync(response, cancellationToken).ConfigureAwait(false))
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

        // Read into memory, so that the SDK can read it again.
        await response.Content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return response.StatusCode == HttpStatusCode.TooManyRequests || AwsFailure.IsThrottling(AwsErrorCode.Of(body));
    }

    private HttpResponseMessage Refuse(HttpRequestMessage request, string operation)
    {
        var text = $"The operator's own rate limit for {operation} in account {(account.Length > 0 ? account : "of its own credentials")}, {region} is reached, "
            + "so the request was not sent. The flag --quota-share sets this limit.";
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
