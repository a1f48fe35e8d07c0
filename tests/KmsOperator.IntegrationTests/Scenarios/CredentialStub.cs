using System.Collections.Concurrent;
using System.Net;
using System.Text;
using KmsOperator.IntegrationTests.ControlPlane;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>Answers as the EKS Pod Identity agent does: credentials for whoever shows the pod's token.</summary>
/// <remarks>Source: Amazon EKS user guide, "EKS Pod Identity"; AWS SDKs reference, "Container credential provider".</remarks>
internal sealed class CredentialStub : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly int _port = LoopbackPort.Free();
    private readonly string _token;
    private readonly string _accessKeyId;

    public CredentialStub(string token, string accessKeyId)
    {
        (_token, _accessKeyId) = (token, accessKeyId);
        _listener.Prefixes.Add($"http://127.0.0.1:{_port}/");
        _listener.Start();
        _ = AnswerAsync();
    }

    public string Url => $"http://127.0.0.1:{_port}/v1/credentials";

    /// <summary>The status of each answer.</summary>
    public ConcurrentQueue<int> Answers { get; } = new();

    public void Dispose() => _listener.Close();

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                var known = context.Request.Headers["Authorization"] == _token && context.Request.Url!.AbsolutePath == "/v1/credentials";
                context.Response.StatusCode = known ? 200 : 401;
                context.Response.ContentType = "application/json";
                var expires = TimeProvider.System.GetUtcNow().AddHours(6).UtcDateTime;
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(
                    known ? $$"""{"AccessKeyId":"{{_accessKeyId}}","SecretAccessKey":"stub","Token":"stub","AccountId":"123456789012","Expiration":"{{expires:yyyy-MM-dd'T'HH:mm:ss'Z'}}"}""" : "{}"));
                Answers.Enqueue(context.Response.StatusCode);
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }
}
