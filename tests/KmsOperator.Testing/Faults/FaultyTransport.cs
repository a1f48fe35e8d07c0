using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace KmsOperator.Testing.Faults;

/// <summary>KMS as one operator meets it, with faults. Counts the calls that had an effect.</summary>
/// <param name="inner">KMS.</param>
/// <param name="plan">What it meets.</param>
/// <param name="effects">How often each operation had an effect.</param>
internal sealed class FaultyTransport(HttpMessageHandler inner, FaultPlan plan, ConcurrentDictionary<string, int> effects) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // STS has no such header.
        var operation = request.Headers.TryGetValues("X-Amz-Target", out var targets) ? targets.Single().Split('.')[^1] : "Get";
        if (operation.StartsWith("Get", StringComparison.Ordinal) || operation.StartsWith("List", StringComparison.Ordinal) || operation.StartsWith("Describe", StringComparison.Ordinal))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        return await plan.SendAsync(
            $"aws {operation} {RegionOf(request)}",
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

    /// <summary>The Region that the request is signed for: <c>Credential={key}/{date}/{Region}/kms/aws4_request</c>.</summary>
    private static string RegionOf(HttpRequestMessage request) => request.Headers.GetValues("Authorization").Single().Split("Credential=")[1].Split('/')[2];

    private static HttpResponseMessage Answer(HttpStatusCode status, string code) => new(status)
    {
        Content = new StringContent($$"""{"__type":"{{code}}","message":"A fault of the test."}""", Encoding.UTF8, new MediaTypeHeaderValue("application/x-amz-json-1.1")),
    };
}
