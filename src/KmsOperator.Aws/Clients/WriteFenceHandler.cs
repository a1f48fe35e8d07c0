using System.Net;

namespace KmsOperator.Aws;

/// <summary>Asks the fence immediately before each KMS request that changes something, and sends nothing if the answer is no.</summary>
/// <remarks>
/// The fence is asked here, and again when the connection is open and the body is about to be written: to open a connection can take
/// seconds, and a request without its body has no effect. What remains is a pause between that moment and the kernel's send; no client can
/// exclude it.
/// </remarks>
internal sealed class WriteFenceHandler(IWriteFence fence, AwsAccess access, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // Without the caller's context, as in RequestTimeoutHandler.
        if (AwsRequest.OperationOf(request) is not { } operation || AwsRequest.IsRead(operation))
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }

        var makesKey = operation is "CreateKey" or "ReplicateKey";
        if (makesKey)
        {
            await fence.WaitUntilFreshAsync(cancellationToken).ConfigureAwait(false);
        }

        Check();
        if (request.Content is { } content)
        {
            request.Content = new CheckedContent(content, Check);
        }

        return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);

        void Check()
        {
            if (!fence.Permits(access, operation) || (makesKey ? !fence.IsFresh : !fence.IsOpen))
            {
                throw new WriteFencedException(operation);
            }
        }
    }

    /// <summary>A body that is written only if a check passes at that moment.</summary>
    private sealed class CheckedContent : HttpContent
    {
        private readonly HttpContent _inner;
        private readonly Action _check;

        public CheckedContent(HttpContent inner, Action check)
        {
            (_inner, _check) = (inner, check);
            foreach (var (name, values) in inner.Headers)
            {
                Headers.TryAddWithoutValidation(name, values);
            }
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            _check();
            return _inner.CopyToAsync(stream, context, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _inner.Headers.ContentLength ?? 0;
            return _inner.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
