using KmsSimulator.Admin;

namespace KmsSimulator.Protocol;

/// <summary>One port for all: KMS by its target header, the admin interface by its path, STS else.</summary>
internal sealed class RequestRouter(CallPipeline calls, AdminInterface admin)
{
    public Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/_sim"))
            return admin.HandleAsync(context);
        var target = context.Request.Headers["X-Amz-Target"].ToString();
        if (target.StartsWith(KmsProtocol.TargetPrefix, StringComparison.Ordinal))
            return calls.HandleKmsAsync(context, target[KmsProtocol.TargetPrefix.Length..]);
        if (HttpMethods.IsPost(context.Request.Method) && context.Request.HasFormContentType)
            return calls.HandleStsAsync(context);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return context.Response.WriteAsync("This is kms-simulator: AWS KMS and STS (POST /), and /_sim/… to steer it.\n");
    }
}
