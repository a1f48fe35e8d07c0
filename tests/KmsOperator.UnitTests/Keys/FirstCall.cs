using KmsOperator.Aws;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Does something once, before the first call of an operation whose input has a text.</summary>
/// <param name="operation">KMS's name of the operation.</param>
/// <param name="text">A part of the input; empty for any.</param>
/// <param name="act">What is done. The call is not sent before it has ended, and not at all if it throws.</param>
internal sealed class FirstCall(string operation, string text, Action act)
{
    public int Calls { get; private set; }

    /// <summary>For <see cref="KmsOperator.Testing.Running.OperatorTestOptions.AwsFront"/>.</summary>
    public HttpMessageHandler Before(HttpMessageHandler aws) => new Handler(this, aws);

    private async Task SeeAsync(HttpRequestMessage request)
    {
        if (Calls > 0 || request.Content is null || AwsRequest.OperationOf(request) != operation
            || !(await request.Content.ReadAsStringAsync()).Contains(text, StringComparison.Ordinal))
        {
            return;
        }

        Calls++;
        act();
    }

    private sealed class Handler(FirstCall front, HttpMessageHandler aws) : DelegatingHandler(aws)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await front.SeeAsync(request);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
