using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace KmsOperator.Benchmarks.Start;

/// <summary>
/// Stands in for an API server, by TLS on loopback: it has kube-system, empty lists, and watches on which nothing happens. It notes when the first list is asked for.
/// </summary>
internal sealed class StubApiServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly TimeProvider _time;
    private TaskCompletionSource<long> _firstList = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StubApiServer(WebApplication application, TimeProvider time) => (_application, _time) = (application, time);

    /// <summary>The timestamp of the first list since the start or the last <see cref="Reset"/>.</summary>
    public Task<long> FirstList => _firstList.Task;

    /// <summary>Starts one, and writes a kubeconfig for it.</summary>
    public static async Task<StubApiServer> StartAsync(string kubeconfig, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=stub", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var now = time.GetUtcNow();
        var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(certificate);
        }));
        var application = builder.Build();
        var server = new StubApiServer(application, time);
        application.Run(server.AnswerAsync);
        await application.StartAsync();
        var url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var authority = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()));
        await File.WriteAllTextAsync(kubeconfig, $$"""
            apiVersion: v1
            kind: Config
            clusters: [{name: stub, cluster: {server: "{{url}}", certificate-authority-data: {{authority}} } }]
            users: [{name: stub, user: {token: stub} }]
            contexts: [{name: stub, context: {cluster: stub, user: stub} }]
            current-context: stub
            """);
        return server;
    }

    /// <summary>Waits for a first list anew.</summary>
    public void Reset() => _firstList = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var at = _time.GetTimestamp();
        context.Response.ContentType = "application/json";
        if (context.Request.Query.ContainsKey("watch"))
        {
            await context.Response.StartAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        else if (context.Request.Query.ContainsKey("limit"))
        {
            _firstList.TrySetResult(at);
            await context.Response.WriteAsync("""{"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "1"}, "items": []}""");
        }
        else
        {
            await context.Response.WriteAsync("""{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "uid": "stub", "resourceVersion": "1"}}""");
        }
    }
}
