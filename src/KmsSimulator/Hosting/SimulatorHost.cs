using KmsSimulator.Admin;
using KmsSimulator.Model;
using KmsSimulator.Operations;
using KmsSimulator.Policies;
using KmsSimulator.Quotas;
using KmsSimulator.Sts;

namespace KmsSimulator;

/// <summary>A running simulator. Used by the executable and, in process, by tests.</summary>
public sealed class SimulatorHost : IAsyncDisposable
{
    private readonly WebApplication _application;

    private SimulatorHost(WebApplication application) => _application = application;

    /// <summary>Where it listens, for example <c>http://127.0.0.1:4599</c>.</summary>
    public string Url => _application.Urls.Single();

    /// <summary>Starts a simulator on 127.0.0.1.</summary>
    /// <param name="options">Port, quotas, delays.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<SimulatorHost> StartAsync(SimulatorOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, options.Port);
            kestrel.AddServerHeader = false;
        });
        var application = builder.Build();

        var clock = new SimulatorClock(time);
        var world = new World(clock, options.ConsistencyDelay, options.Seed);
        var principals = new PrincipalDirectory();
        var credentials = new CredentialStore();
        var calls = new CallLog();
        var faults = new FaultPlan();
        var quotas = new RequestQuotas(options.QuotaScale, time);
        var dispatcher = new Dispatcher(
            world, credentials, OperationTable.Create(principals), new StsOperations(world, credentials), calls, faults, quotas, time);
        new AdminInterface(world, calls, faults, principals, credentials, quotas).Map(application);
        application.MapPost("/", dispatcher.HandleAsync);

        await application.StartAsync(cancellationToken);
        return new SimulatorHost(application);
    }

    /// <summary>Completes when the process is asked to stop.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _application.WaitForShutdownAsync(cancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }
}
