using System.Net;
using System.Text;
using KmsOperator.IntegrationTests.ControlPlane;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>Takes traces by OTLP over HTTP and keeps their bytes; names and values stand in them as they are.</summary>
internal sealed class SpanReceiver : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly MemoryStream _bytes = new();
    private readonly int _port = LoopbackPort.Free();

    public SpanReceiver()
    {
        _listener.Prefixes.Add($"http://127.0.0.1:{_port}/");
        _listener.Start();
        _ = TakeAsync();
    }

    public string Url => $"http://127.0.0.1:{_port}";

    /// <summary>All that has come.</summary>
    public string Text
    {
        get
        {
            lock (_bytes)
            {
                return Encoding.Latin1.GetString(_bytes.ToArray());
            }
        }
    }

    /// <summary>Paths and types of what has come.</summary>
    public HashSet<string> Kinds { get; } = [];

    public void Dispose()
    {
        _listener.Close();
        _bytes.Dispose();
    }

    private async Task TakeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                lock (_bytes)
                {
                    Kinds.Add($"{context.Request.Url!.AbsolutePath} {context.Request.ContentType}");
                    _bytes.Write(body.ToArray());
                }

                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }
}
