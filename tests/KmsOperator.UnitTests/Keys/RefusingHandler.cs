using System.Net;
using System.Text;
using KmsOperator.Aws;

namespace KmsOperator.UnitTests.Keys;

/// <summary>KMS that refuses the first call of an operation.</summary>
/// <param name="inner">KMS.</param>
/// <param name="operation">KMS's name of the operation.</param>
/// <param name="error">The error code.</param>
internal sealed class RefusingHandler(HttpMessageHandler inner, string operation, string error) : DelegatingHandler(inner)
{
    private bool _hasRefused;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (_hasRefused || AwsRequest.OperationOf(request) != operation)
            return base.SendAsync(request, cancellationToken);
        _hasRefused = true;
        return Task.FromResult(new HttpResponseMessage(HttpStatusCode.BadRequest)
        {
            RequestMessage = request,
            Content = new StringContent($$"""{"__type": "{{error}}", "message": "Refused."}""", Encoding.UTF8, "application/x-amz-json-1.1"),
        });
    }
}
