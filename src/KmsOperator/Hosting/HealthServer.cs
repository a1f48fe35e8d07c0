using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;

namespace KmsOperator;

/// <summary>Serves <c>/healthz</c> and <c>/readyz</c>. Ready means that the caches are filled; leadership is not needed for it.</summary>
internal sealed class HealthServer(ListenAddress address, Func<bool> isReady, ILogger<HealthServer> logger)
{
    /// <summary>Serves until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var listener = new HttpListener();
        listener.Prefixes.Add(address.Prefix);
        try
        {
            listener.Start();
        }
        catch (HttpListenerException e)
        {
            throw new InvalidOperationException($"--health-address: cannot listen on {address.Prefix}: {e.Message}. Choose another port, or 0 for none.", e);
        }

        logger.LogInformation("Serving /healthz and /readyz on {Address}", address.Prefix);
        await using var stop = cancellationToken.Register(listener.Stop);
        while (!cancellationToken.IsCancellationRequested)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException && cancellationToken.IsCancellationRequested)
            {
                return;
            }

            await AnswerAsync(context);
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var (status, text) = context.Request.Url?.AbsolutePath switch
        {
            "/healthz" => (HttpStatusCode.OK, "ok"),
            "/readyz" when isReady() => (HttpStatusCode.OK, "ok"),
            "/readyz" => (HttpStatusCode.ServiceUnavailable, "caches are not filled yet"),
            _ => (HttpStatusCode.NotFound, "not found"),
        };
        try
        {
            context.Response.StatusCode = (int)status;
            context.Response.ContentType = "text/plain";
            await context.Response.OutputStream.WriteAsync(Encoding.ASCII.GetBytes(text));
            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException)
        {
            logger.LogDebug(e, "A probe went away before its answer");
        }
    }
}
