using System.Net;
using KmsOperator.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KmsOperator.Observability.Http;

/// <summary>A small HTTP server on one address: Kestrel and nothing else of ASP.NET Core. Requests are answered at the same time.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private const int MostConnections = 100;
    private const int LargestBody = 1024;

    private readonly WebApplication _application;

    private WebServer(WebApplication application) => _application = application;

    /// <summary>Where it listens, with the port that it got; for example <c>http://[::]:8081</c>.</summary>
    public string Url => _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Starts to listen; ends when disposed.</summary>
    /// <param name="flag">The flag that says where, for the error.</param>
    /// <param name="address">Where.</param>
    /// <param name="configure">Says what is answered.</param>
    /// <param name="certificate">With it only TLS is spoken.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <param name="services">Adds services that <paramref name="configure"/> needs.</param>
    /// <exception cref="StartFailedException">The address cannot be had.</exception>
    public static async Task<WebServer> StartAsync(
        string flag,
        ListenAddress address,
        Action<IApplicationBuilder> configure,
        ServerCertificate? certificate,
        CancellationToken cancellationToken,
        Action<IServiceCollection>? services = null)
    {
        // The empty builder reads no files and no variables, so that only the flags say what is served.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        services?.Invoke(builder.Services);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            Listen(kestrel, address, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                if (certificate is not null)
                {
                    listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(certificate.Options()) });
                }
            });
        });
        var application = builder.Build();
        configure(application);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            await application.DisposeAsync();
            throw new StartFailedException($"{flag}: cannot listen on {address}: {e.GetBaseException().Message}. Choose another address, or 0 for none.", e);
        }

        return new WebServer(application);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // Not for ever: a client that keeps its connection busy must not hold up the end.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _application.StopAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _application.DisposeAsync();
    }

    private static void Listen(KestrelServerOptions kestrel, ListenAddress address, Action<ListenOptions> configure)
    {
        switch (address.Host)
        {
            case "*":
                // Both families by one socket; IPv4 alone where the machine has no IPv6.
                kestrel.ListenAnyIP(address.Port, configure);
                break;
            case "localhost" when address.Port != 0:
                kestrel.ListenLocalhost(address.Port, configure);
                break;
            case "localhost":
                // Two families cannot share a port that neither knows yet.
                kestrel.Listen(IPAddress.Loopback, 0, configure);
                break;
            default:
                kestrel.Listen(IPAddress.Parse(address.Host), address.Port, configure);
                break;
        }
    }

    /// <summary>Leaves signals to the command line: the server ends with the operator and not before.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
