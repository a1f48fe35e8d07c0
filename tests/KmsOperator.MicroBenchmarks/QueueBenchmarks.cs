using BenchmarkDotNet.Attributes;
using KmsOperator.Kubernetes;

namespace KmsOperator.MicroBenchmarks;

/// <summary>The work queue: a key comes, a worker takes it and gives it back. Each figure is of one key.</summary>
public class QueueBenchmarks
{
    private const int Keys = 1000;
    private const int Flows = 50;

    private static readonly NamespacedName[] Names = [.. Enumerable.Range(0, Keys).Select(i => new NamespacedName("bench", $"key-{i:d5}"))];
    private static readonly Dictionary<NamespacedName, string> FlowOf = Names.Select((name, i) => (name, $"account-{i % Flows}")).ToDictionary();

    private readonly WorkQueue<NamespacedName> _queue = new(TimeProvider.System, new Random(1));
    private readonly WorkQueue<NamespacedName> _flows = new(TimeProvider.System, new Random(1), flowOf: name => FlowOf[name]);

    [Benchmark(OperationsPerInvoke = Keys)]
    public Task<int> Add_take_and_give_back() => PassAsync(_queue);

    [Benchmark(OperationsPerInvoke = Keys)]
    public Task<int> Add_take_and_give_back_in_fifty_flows() => PassAsync(_flows);

    private static async Task<int> PassAsync(WorkQueue<NamespacedName> queue)
    {
        foreach (var name in Names)
            queue.Add(name);
        var passed = 0;
        while (queue.Depth > 0)
        {
            var (_, key) = await queue.TakeAsync(CancellationToken.None);
            queue.Done(key);
            passed++;
        }

        return passed == Keys ? passed : throw new InvalidOperationException($"{passed} of {Keys} keys were handed out.");
    }
}
