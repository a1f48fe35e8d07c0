using System.Net;
using System.Security.Cryptography;
using KmsSimulator.Admin;
using KmsSimulator.Protocol;
using KmsSimulator.State;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace KmsSimulator;

/// <summary>A running simulator. The executable is one of these; tests start as many as they like in their own process.</summary>
public sealed class SimulatorHost : IAsyncDisposable
{
    private readonly WebApplication _application;

    private SimulatorHost(WebApplication application)
    {
        _application = application;
        Url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    /// <summary>Where it listens, for example <c>http://127.0.0.1:4599</c>: the endpoint of KMS, of STS, of SQS and of <c>/_sim/…</c>.</summary>
    public string Url { get; }

    /// <summary>Starts a simulator on 127.0.0.1, with nothing in it.</summary>
    /// <param name="options">Port, quotas, delays.</param>
    /// <param name="time">The clock that <c>/_sim/clock</c> adds to; also measures quotas and delays. Null is the system's.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<SimulatorHost> StartAsync(
        SimulatorOptions options, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();

        // An empty builder reads no settings files and no environment: ASPNETCORE_URLS cannot open it to the network.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port);
            kestrel.AddServerHeader = false;

            // RequestBody has a limit of its own, whose error is KMS's, and recorded.
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Services.AddSingleton<IHostLifetime, OwnedLifetime>();
        var application = builder.Build();

        var simulation = new Simulation(options, time ?? TimeProvider.System, options.Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue));

        // Nobody lets them go any more, and the end would wait for them.
        application.Lifetime.ApplicationStopping.Register(simulation.Faults.Clear);
        application.Run(new RequestRouter(new CallPipeline(simulation), new AdminInterface(simulation)).HandleAsync);
        try
        {
            await application.StartAsync(cancellationToken);
            return new SimulatorHost(application);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening and ends open connections.</summary>
    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _application.StopAsync(timeout.Token);
        await _application.DisposeAsync();
    }

    /// <summary>Leaves signals alone: whoever holds the host ends it.</summary>
    private sealed class OwnedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
