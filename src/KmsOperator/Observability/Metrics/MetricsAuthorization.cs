using Microsoft.AspNetCore.Http;

namespace KmsOperator.Observability.Metrics;

/// <summary>Lets those read the metrics whom the cluster lets.</summary>
/// <param name="reviews">Asks the cluster.</param>
internal sealed class MetricsAuthorization(TokenReviews reviews)
{
    private const string Scheme = "Bearer ";

    /// <summary>Passes a request on, or answers it with 401, 403, or 503 when the cluster cannot be asked.</summary>
    public async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        var header = context.Request.Headers.Authorization.ToString();
        var token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
        var verdict = token.Length == 0 ? TokenVerdict.Unknown : await reviews.ReviewAsync(token, context.Request.Path.Value ?? "/", context.RequestAborted);
        switch (verdict)
        {
            case TokenVerdict.Allowed:
                await next(context);
                return;
            case TokenVerdict.Unknown:
                context.Response.Headers.WWWAuthenticate = "Bearer";
                await RefuseAsync(context, StatusCodes.Status401Unauthorized, "a token of this cluster is needed");
                return;
            case TokenVerdict.Forbidden:
                await RefuseAsync(context, StatusCodes.Status403Forbidden, "the token's user may not get this path; bind it to a ClusterRole with nonResourceURLs");
                return;
            default:
                await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "the API server cannot be asked who this is");
                return;
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
