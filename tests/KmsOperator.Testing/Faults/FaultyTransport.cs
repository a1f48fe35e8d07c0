using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using KmsOperator.Aws;

namespace KmsOperator.Testing.Faults;

/// <summary>KMS as one operator meets it, with faults. Counts the calls that had an effect.</summary>
/// <param name="inner">KMS.</param>
/// <param name="plan">What it meets.</param>
/// <param name="effects">How often each operation had an effect.</param>
internal sealed class FaultyTransport(HttpMessageHandler inner, FaultPlan plan, ConcurrentDictionary<string, int> effects) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (AwsRequest.OperationOf(request) is not { } operation || AwsRequest.IsRead(operation))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        return await plan.SendAsync(
            $"aws {operation} {AwsRequest.RegionOf(request)}",
            async () =>
            {
                var response = await base.SendAsync(request, cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    effects.AddOrUpdate(operation, 1, (_, count) => count + 1);
                }

                return response;
            },
            response => response.IsSuccessStatusCode,
            mode => mode == FaultMode.Throttle
                ? Answer(HttpStatusCode.BadRequest, "ThrottlingException")
                : Answer(HttpStatusCode.InternalServerError, "KMSInternalException"));
    }

    private static HttpResponseMessage Answer(HttpStatusCode status, string code) => new(status)
    {
        Content = new StringContent($$"""{"__type":"{{code}}","message":"A fault of the test."}""", Encoding.UTF8, new MediaTypeHeaderValue("application/x-amz-json-1.1")),
    };
}
