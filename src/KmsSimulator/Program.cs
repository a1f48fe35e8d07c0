using System.CommandLine;
using System.Globalization;
using System.Numerics;
using KmsSimulator;

// sysexits.h: EX_USAGE.
const int UsageError = 64;

var port = Number<int>("--port", "Port on 127.0.0.1; 0 takes a free one.", "a number from 0 to 65535", value => value is >= 0 and <= 65535);
port.Required = true;
var quotaScale = Number<double>(
    "--quota-scale", "Factor on KMS's request quotas, 1 if not given; 0 switches throttling off.", "a number, 0 or more",
    value => double.IsFinite(value) && value >= 0);
var consistencyDelay = Number<int>(
    "--consistency-delay", "Milliseconds for which readers may, at most, see the state before a write; 0 if not given.",
    "a number of milliseconds, 0 or more", value => value >= 0);
var seed = Number<int>("--seed", "Fixes key ids and delays.", "a whole number", _ => true);

var root = new RootCommand("AWS KMS and STS on localhost: KMS's rules, quotas, delays and faults, without AWS.")
{
    port, quotaScale, consistencyDelay, seed,
};
root.SetAction(async (arguments, cancellationToken) =>
{
    var options = new SimulatorOptions
    {
        Port = arguments.GetValue(port)!.Value,
        QuotaScale = arguments.GetValue(quotaScale) ?? 1,
        ConsistencyDelay = TimeSpan.FromMilliseconds(arguments.GetValue(consistencyDelay) ?? 0),
        Seed = arguments.GetValue(seed),
    };
    try
    {
        await using var simulator = await SimulatorHost.StartAsync(options, TimeProvider.System, cancellationToken);
        Console.WriteLine($"kms-simulator listens on {simulator.Url}");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }
    catch (IOException e)
    {
        await Console.Error.WriteLineAsync($"--port {options.Port}: {e.Message}");
        return 1;
    }
});

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
        Console.Error.WriteLine(error.Message);
    return UsageError;
}

// SIGINT and SIGTERM cancel the action's token.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(5) });

// The library's own message for a value of the wrong type speaks of .NET types.
static Option<T?> Number<T>(string name, string description, string rule, Func<T, bool> holds)
    where T : struct, INumber<T> => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && holds(value))
                return value;
            result.AddError($"{name} must be {rule}, not '{text}'.");
            return null;
        },
    };
