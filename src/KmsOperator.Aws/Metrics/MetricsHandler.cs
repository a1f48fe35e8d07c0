using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace KmsOperator.Aws;

/// <summary>
/// Tells <see cref="RequestMetrics"/> of each request that goes to AWS, and makes it a span where there is one to put it under. It sits next to the
/// transport, below the rate limiter, so the SDK's repetitions are requests of their own.
/// </summary>
/// <remarks>Source of the span's names: OpenTelemetry semantic conventions, "AWS SDK" and "RPC". No body, key or token is in it.</remarks>
internal sealed class MetricsHandler(RequestMetrics metrics, string account, string region, TimeProvider time, HttpMessageHandler inner)
    : DelegatingHandler(inner)
{
    private const string Unreachable = "Unreachable";
    private const string Action = "Action=";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var operation = await OperationOfAsync(request, cancellationToken).ConfigureAwait(false);
        using var span = StartSpan(request, operation);
        var began = time.GetTimestamp();
        var code = Unreachable;
        try
        {
            var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            code = response.StatusCode < HttpStatusCode.BadRequest ? "OK" : await CodeOfAsync(response, cancellationToken).ConfigureAwait(false);
            return response;
        }
        finally
        {
            metrics.Sent(operation, account, region, code, time.GetElapsedTime(began));
            if (code != "OK")
            {
                span?.SetTag("error.type", code).SetStatus(ActivityStatusCode.Error);
            }
        }
    }

    private Activity? StartSpan(HttpRequestMessage request, string operation)
    {
        var service = AwsRequest.OperationOf(request) is null ? "STS" : "KMS";
        return Activity.Current?.Source.StartActivity($"{service}.{operation}", ActivityKind.Client)
            ?.SetTag("rpc.system", "aws-api")
            .SetTag("rpc.service", service)
            .SetTag("rpc.method", operation)
            .SetTag("cloud.account.id", account)
            .SetTag("cloud.region", region);
    }

    /// <summary>KMS has it in a header, STS in the form that is sent.</summary>
    private static async Task<string> OperationOfAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (AwsRequest.OperationOf(request) is { } operation)
        {
            return operation;
        }

        var form = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        return form.Split('&').FirstOrDefault(field => field.StartsWith(Action, StringComparison.Ordinal)) is { } action ? action[Action.Length..] : "unknown";
    }

    /// <summary>AWS's own word where the body has it: the type of a JSON error, the Code element of an XML one; else HTTP's number.</summary>
    private static async Task<string> CodeOfAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        // Read into memory, so that the SDK can read it once more.
        await response.Content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return AwsErrorCode.Of(body) is { Length: > 0 } code ? code : ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
    }
}
