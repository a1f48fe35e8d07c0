using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>
/// Every side effect of every flow, on AWS and on Kubernetes, hit by every fault: whatever happens, the end is that of an
/// undisturbed run. The points come from an undisturbed run, so that a new step of a flow is in the matrix by itself; a step that no flow has fails.
/// </summary>
[Collection("fault stages")]
public sealed class FaultMatrixTests(FaultStages stages, ITestOutputHelper output)
{
    /// <summary>What the operator does to Kubernetes, as the names of <see cref="FaultPoint.Request"/> begin.</summary>
    private static readonly string[] KubernetesEffects =
    [
        "k8s create KeyReplica/", "k8s delete KeyReplica/", "k8s create ConfigMap/", "k8s patch ConfigMap/", "k8s delete ConfigMap/",
        .. from kind in (string[])["ServiceKey", "KeyReplica"]
           from effect in (string[])["add finalizer {0}/", "remove finalizer {0}/"]
           select $"k8s {string.Format(null, effect, kind)}",
        "k8s ServiceKey/one status [creation]", "k8s ServiceKey/one status [key]", "k8s ServiceKey/one status [rotation]", "k8s ServiceKey/one status (Ready)",
        "k8s KeyReplica/copy status [creation]", "k8s KeyReplica/copy status [key]", "k8s KeyReplica/copy status (Ready)",
    ];

    /// <summary>All flows; <c>FAULT_FLOWS</c>, names separated by commas, picks some while one works on them.</summary>
    public static TheoryData<string> Flows => Environment.GetEnvironmentVariable("FAULT_FLOWS") is { Length: > 0 } names
        ? [.. names.Split(',')]
        : [.. Flow.All.Select(flow => flow.Name)];

    [Fact]
    public async Task Every_step_of_the_planner_and_every_write_to_Kubernetes_is_in_the_matrix()
    {
        await stages.StartAsync();
        var runs = await Task.WhenAll(Flow.All.Select(stages.UndisturbedAsync));
        var requests = runs.SelectMany(run => run.Points).Select(point => point.Request).Distinct().Order(StringComparer.Ordinal).ToArray();
        output.WriteLine(string.Join('\n', requests));
        var steps = typeof(KeyStep).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(KeyStep)) && !type.IsAbstract).Select(type => type.Name).ToArray();
        Assert.NotEmpty(steps);
        Assert.All(steps, step => Assert.EndsWith("Step", step, StringComparison.Ordinal));
        Assert.All(
            [.. steps.Select(step => $"aws {step[..^"Step".Length]} "), "aws CreateKey ", "aws ReplicateKey ", .. KubernetesEffects],
            effect => Assert.True(requests.Any(request => request.StartsWith(effect, StringComparison.Ordinal)), $"No flow has a side effect \"{effect}\". Add one to {nameof(Flow)}.{nameof(Flow.All)}."));
    }

    [Theory]
    [MemberData(nameof(Flows))]
    public async Task Every_fault_at_every_side_effect_ends_as_an_undisturbed_run(string name)
    {
        await stages.StartAsync();
        stages.Matrix.Start(Flows.Select(row => Flow.Named(row.Data)), TestContext.Current.CancellationToken);
        var (undisturbed, runs, failures, unreached) = await stages.Matrix.RowAsync(name);
        output.WriteLine($"{name}: {undisturbed.Points.Count} side effects x {Enum.GetValues<FaultMode>().Length} faults = {runs} runs, {failures.Count} failed, {unreached.Count} not reached");
        output.WriteLine($"all reached but: {Text(unreached)}. Not in each undisturbed run: {Text(undisturbed.Dropped)}. All: {Text(undisturbed.Points)}");
        Assert.NotEmpty(undisturbed.Points);
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    private static string Text(IEnumerable<FaultPoint> points) => string.Join(", ", points) is { Length: > 0 } text ? text : "none";
}
