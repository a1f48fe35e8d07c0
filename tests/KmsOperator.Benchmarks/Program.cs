using System.Globalization;
using KmsOperator.Benchmarks.Keys;
using KmsOperator.Benchmarks.Load;
using KmsOperator.Benchmarks.Reporting;
using KmsOperator.Benchmarks.Start;

// Driven by hack/bench.sh, which starts the servers and the operator.
const string Usage = """
    usage, each with KUBECONFIG for the API server:
      classes PREFIX COUNT FIRST_ACCOUNT        makes KeyClasses PREFIX-1, …, an account each, and waits until all are Ready
      create NAMESPACE COUNT CLASS...           makes ServiceKeys, the same number for each class, and waits until all are Ready
      add NAMESPACE COUNT CLASS...              the same without waiting
      hostile NAMESPACE COUNT CLASS...          makes ServiceKeys that mean harm, without waiting
      compare NAMESPACE COUNT CLASSES           asks for a full comparison of the keys and waits for it
      write SOURCE NAMESPACE COUNT              the writes of so many new keys without an operator, like those of SOURCE's first key
        these print the milliseconds that it took
      changes NAMESPACE KEYS CHANGES SIMULATOR  changes keys, one after the other
      foreign NAMESPACE COUNT ACCOUNT SIMULATOR changes keys in KMS, and waits until each is put right
      start RUNS COMMAND...                     starts an operator against a stand-in for the API server
        these print median, 99th percentile and longest in milliseconds
      queue SIMULATOR NAME                      makes a queue of the events of KMS calls, and prints its URL
      terraform URL RENDERED CLUSTER STATE      makes the keys that render describes on a simulator, and writes Terraform's state of them
      report DIRECTORY [DOCS]                   prints the figures in DIRECTORY; fails when a promise is broken
    """;

// What takes longer has failed.
using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(30));
var (time, token) = (TimeProvider.System, limit.Token);
switch (args)
{
    case ["classes", var prefix, var count, var firstAccount]:
        await WithApi(api => new KeyLoad(api, time).CreateClassesAsync(prefix, Number(count), long.Parse(firstAccount, CultureInfo.InvariantCulture), token));
        return 0;
    case ["create", var space, var count, .. var classes]:
        await WithApi(async api => Print(await new KeyLoad(api, time).CreateAsync(space, Number(count), classes, token)));
        return 0;
    case ["add", var space, var count, .. var classes]:
        await WithApi(async api => Print(await new KeyLoad(api, time).AddAsync(space, Number(count), classes, token)));
        return 0;
    case ["compare", var space, var count, var classes]:
        await WithApi(async api => Print(await new KeyLoad(api, time).CompareAsync(space, Number(count), Number(classes), token)));
        return 0;
    case ["write", var source, var space, var count]:
        await WithApi(async api => Print(await new BareWrites(api, time).RunAsync(source, space, Number(count), token)));
        return 0;
    case ["changes", var space, var keys, var changes, var simulator]:
        using (var calls = new SimulatorCalls(simulator))
            await WithApi(async api => Console.WriteLine(await new ChangeDelays(api, calls, time).RunAsync(space, Number(keys), Number(changes), token)));
        return 0;
    case ["foreign", var space, var count, var account, var simulator]:
        using (var calls = new SimulatorCalls(simulator))
            await WithApi(async api => Console.WriteLine(await new ForeignChanges(api, calls, simulator, time).RunAsync(space, Number(count), account, token)));
        return 0;
    case ["start", var runs, .. var command]:
        Console.WriteLine(await StartTimes.MeasureAsync(Number(runs), command, time));
        return 0;
    case ["queue", var simulator, var name]:
        Console.WriteLine(await ForeignChanges.MakeQueueAsync(simulator, name, token));
        return 0;
    case ["hostile", var space, var count, .. var classes]:
        var hostile = new HostileKeys(space, classes);
        await WithApi(async api => Print(await new KeyLoad(api, time).AddAsync(space, Number(count), hostile.Body, token)));
        return 0;
    case ["terraform", var url, var rendered, var cluster, var state]:
        await TerraformKeys.WriteAsync(url, rendered, cluster, state);
        return 0;
    case ["report", var directory]:
        return await BenchReport.WriteAsync(directory, null) ? 0 : 1;
    case ["report", var directory, var docs]:
        return await BenchReport.WriteAsync(directory, docs) ? 0 : 1;
    default:
        Console.Error.WriteLine(Usage);
        return 64;
}

async Task WithApi(Func<ApiConnection, Task> act)
{
    using var api = new ApiConnection(time);
    await act(api);
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static void Print(TimeSpan elapsed) => Console.WriteLine(((long)elapsed.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
