namespace KmsSimulator.Protocol;

/// <summary>An answer, ready to send.</summary>
internal sealed record WireAnswer(int Status, string ContentType, ReadOnlyMemory<byte> Body)
{
    /// <summary>The <c>x-amzn-query-error</c> header; null for none.</summary>
    public string? QueryError { get; init; }

    public async Task SendAsync(HttpContext context, string requestId)
    {
        context.Response.StatusCode = Status;
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = Body.Length;
        context.Response.Headers["x-amzn-RequestId"] = requestId;
        if (QueryError is not null)
            context.Response.Headers["x-amzn-query-error"] = QueryError;
        await context.Response.Body.WriteAsync(Body, context.RequestAborted);
    }
}
