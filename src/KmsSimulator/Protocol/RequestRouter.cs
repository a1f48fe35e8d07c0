using KmsSimulator.Admin;
using KmsSimulator.Sqs;

namespace KmsSimulator.Protocol;

/// <summary>One port for all: the admin interface by its path, KMS and SQS by their target headers, STS else.</summary>
internal sealed class RequestRouter(CallPipeline calls, AdminInterface admin)
{
    public Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Path.StartsWithSegments("/_sim"))
            return admin.HandleAsync(context);
        if (request.Headers["X-Amz-Target"].ToString() is { Length: > 0 } target)
            return target.StartsWith(SqsProtocol.TargetPrefix, StringComparison.Ordinal) ? calls.HandleSqsAsync(context, target) : calls.HandleKmsAsync(context, target);
        if (HttpMethods.IsPost(request.Method) || (HttpMethods.IsGet(request.Method) && request.Query.ContainsKey("Action")))
            return calls.HandleStsAsync(context);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return context.Response.WriteAsync("This is kms-simulator: AWS KMS, STS and SQS (POST /), and /_sim/… to steer it.\n");
    }
}
