using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using KmsOperator.MicroBenchmarks;

// Times and allocations of what the operator does for every key or every line of a watch; make bench-micro. BenchmarkDotNet's arguments choose some of it, for example --filter *Policy*. "cache COUNT" fills the cache with so many ServiceKeys instead.
// In this process, and briefly: other processes of BenchmarkDotNet's would be built first, which takes longer than all of this.
if (args is ["cache", var count])
{
    CacheMemory.Measure(int.Parse(count, CultureInfo.InvariantCulture), Console.Out);
    return 0;
}

var config = ManualConfig.CreateEmpty()
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .HideColumns(Column.Error, Column.StdDev, Column.Gen0, Column.Gen1, Column.Gen2)
    .AddExporter(MarkdownExporter.GitHub)
    .AddLogger(ConsoleLogger.Default)
    .WithOptions(ConfigOptions.JoinSummary)
    .WithArtifactsPath(Path.Combine("artifacts", "bench-micro"));
var summaries = BenchmarkSwitcher.FromAssembly(typeof(CacheMemory).Assembly).Run(args.Length > 0 ? args : ["--filter", "*"], config);

// What threw has no figures, and is not told by an exception.
return summaries.Any() && summaries.All(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success)) ? 0 : 1;
