using System.CommandLine;
using KmsSimulator;

const int Usage = 64;
var port = new Option<int>("--port") { Description = "Port on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 4599 };
var quotaScale = new Option<double>("--quota-scale") { Description = "Factor on KMS's request quotas; 0 switches them off.", DefaultValueFactory = _ => 1 };
var consistencyDelay = new Option<int>("--consistency-delay") { Description = "Milliseconds for which readers may see the state before a write." };
var seed = new Option<int>("--seed") { Description = "Ids, key material and delays follow from it." };
port.Validators.Add(result => Require(result.GetValueOrDefault<int>() is >= 0 and <= 65535, result, "--port must be a number from 0 to 65535."));
quotaScale.Validators.Add(result => Require(result.GetValueOrDefault<double>() is >= 0 and <= 1e6, result, "--quota-scale must be 0 or more."));
consistencyDelay.Validators.Add(result => Require(result.GetValueOrDefault<int>() >= 0, result, "--consistency-delay must be 0 or more."));

var root = new RootCommand("AWS KMS and STS on localhost: KMS's rules, quotas, delays and faults, without AWS.") { port, quotaScale, consistencyDelay, seed };
root.SetAction(async (result, cancellationToken) =>
{
    try
    {
        await using var simulator = await SimulatorHost.StartAsync(
            new SimulatorOptions
            {
                Port = result.GetValue(port),
                QuotaScale = result.GetValue(quotaScale),
                ConsistencyDelay = TimeSpan.FromMilliseconds(result.GetValue(consistencyDelay)),
                Seed = result.GetValue(seed),
            },
            TimeProvider.System,
            cancellationToken);
        Console.WriteLine($"kms-simulator is listening on {simulator.Url}");
        await simulator.WaitAsync(cancellationToken);
        return 0;
    }
    catch (IOException e)
    {
        Console.Error.WriteLine($"--port {result.GetValue(port)}: {e.Message}");
        return 1;
    }
});

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        Console.Error.WriteLine(error.Message);
    }

    return Usage;
}

return await parsed.InvokeAsync();

static void Require(bool holds, System.CommandLine.Parsing.OptionResult result, string message)
{
    if (result.Errors.Any() is false && !holds)
    {
        result.AddError(message);
    }
}
