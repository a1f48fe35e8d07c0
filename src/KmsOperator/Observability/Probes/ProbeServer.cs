using KmsOperator.Configuration;
using KmsOperator.Observability.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Observability.Probes;

/// <summary>Serves <c>/healthz</c> and <c>/readyz</c>, whether this instance leads or not.</summary>
internal static class ProbeServer
{
    /// <summary>Starts to listen; ends when disposed.</summary>
    /// <param name="address">Where.</param>
    /// <param name="health">What is answered.</param>
    /// <param name="logger">Told where it listens.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="StartFailedException">The address cannot be had; the message names the flag.</exception>
    public static async Task<WebServer> StartAsync(ListenAddress address, OperatorHealth health, ILogger logger, CancellationToken cancellationToken)
    {
        var server = await WebServer.StartAsync("--health-address", address, application => application.Run(context => AnswerAsync(context, health)), null, cancellationToken);
        logger.LogInformation("Serving /healthz and /readyz on {Address}", server.Url);
        return server;
    }

    private static Task AnswerAsync(HttpContext context, OperatorHealth health)
    {
        var (status, text) = context.Request.Path.Value switch
        {
            "/healthz" => ReadyCondition(health.WhyNotAlive),
            "/readyz" => ReadyCondition(health.WhyNotReady),
            _ => (StatusCodes.Status404NotFound, "not found"),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static (int Status, string Text) ReadyCondition(string? trouble) =>
        trouble is null ? (StatusCodes.Status200OK, "ok") : (StatusCodes.Status503ServiceUnavailable, trouble);
}
