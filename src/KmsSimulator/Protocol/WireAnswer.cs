namespace KmsSimulator.Protocol;

/// <summary>An answer, ready to send.</summary>
internal sealed record WireAnswer(int Status, string ContentType, ReadOnlyMemory<byte> Body)
{
    public async Task SendAsync(HttpContext context, string requestId)
    {
        context.Response.StatusCode = Status;
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = Body.Length;
        context.Response.Headers["x-amzn-RequestId"] = requestId;
        await context.Response.Body.WriteAsync(Body, context.RequestAborted);
    }
}
