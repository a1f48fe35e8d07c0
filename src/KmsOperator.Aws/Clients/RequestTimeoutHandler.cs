namespace KmsOperator.Aws;

/// <summary>Gives up a request whose whole answer has not come in time. It does what HttpClient.Timeout does, on an injected clock.</summary>
/// <param name="inner">Sends the request.</param>
/// <param name="timeout">The longest time from the request to the end of the answer's body.</param>
/// <param name="time">The clock.</param>
internal sealed class RequestTimeoutHandler(HttpMessageHandler inner, TimeSpan timeout, TimeProvider time) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            // Without the caller's context, as in HttpClient and the SDK, which would else go on from here on the thread pool.
            var response = await base.SendAsync(request, either.Token).ConfigureAwait(false);

            // Answers of KMS and STS are small. Read here, the body cannot take longer than the timeout either.
            await response.Content.LoadIntoBufferAsync(either.Token).ConfigureAwait(false);
            return response;
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TaskCanceledException($"AWS did not answer within {timeout.TotalSeconds:0} s.", new TimeoutException(e.Message, e), e.CancellationToken);
        }
    }
}
