using System.Text.Json;
using System.Text.Json.Nodes;
using BenchmarkDotNet.Attributes;
using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.MicroBenchmarks;

/// <summary>A line of the watch of ServiceKeys, and the comparison of the status that a reconcile comes to with the one that is there.</summary>
public class WatchBenchmarks
{
    private static readonly JsonNode Written = JsonSerializer.SerializeToNode(SampleKey.Resource.Status!, ApiJsonContext.Default.KeyStatus)!;
    private static readonly JsonNode Wanted = Written.DeepClone();

    private static readonly byte[] Line = JsonSerializer.SerializeToUtf8Bytes(new { type = "MODIFIED", @object = JsonSerializer.SerializeToElement(SampleKey.Resource, ApiJsonContext.Default.ServiceKey) });

    [Benchmark]
    public string Read_a_line() => WatchLine.Parse(ResourceTypes.ServiceKeys, Line, isWhole: true).Resource!.Metadata.Name;

    [Benchmark]
    public bool Compare_an_unchanged_status() => StatusComparison.AreEqual(Written, Wanted);
}
