using KmsOperator.Planning;
using KmsOperator.Testing.Faults;
using KmsOperator.Testing.Flows;

namespace KmsOperator.Simulation.Faults;

/// <summary>
/// Every side effect of every flow, on AWS and on Kubernetes, hit by every fault: whatever happens, the end is that of an
/// undisturbed run. The points come from an undisturbed run, so that a new step of a flow is in the matrix by itself; a step that no flow has fails.
/// </summary>
public sealed class FaultMatrixTests(ITestOutputHelper output)
{
    /// <summary>What the operator does to Kubernetes, as the names of <see cref="FaultPoint.Request"/> begin.</summary>
    private static readonly string[] KubernetesEffects =
    [
        "k8s create KeyReplica/", "k8s delete KeyReplica/", "k8s create ConfigMap/", "k8s patch ConfigMap/", "k8s delete ConfigMap/",
        .. from kind in (string[])["ServiceKey", "KeyReplica"]
           from effect in (string[])["add finalizer {0}/", "remove finalizer {0}/"]
           select $"k8s {string.Format(null, effect, kind)}",
        "k8s ServiceKey/one status [key]", "k8s ServiceKey/one status [rotation]", "k8s ServiceKey/one status (Ready)", "k8s KeyReplica/copy status (Ready)",
    ];

    /// <summary>All flows; <c>FAULT_FLOWS</c>, names separated by commas, picks some while one works on them.</summary>
    public static TheoryData<string> Flows => Environment.GetEnvironmentVariable("FAULT_FLOWS") is { Length: > 0 } names
        ? [.. names.Split(',')]
        : [.. Flow.All.Select(flow => flow.Name)];

    [Fact]
    public async Task Every_step_of_the_planner_and_every_write_to_Kubernetes_is_in_the_matrix()
    {
        var requests = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var flow in Flow.All)
        {
            requests.UnionWith((await FlowRun.RunAsync(flow)).Points.Select(point => point.Request));
        }

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
        var flow = Flow.Named(name);
        var undisturbed = await FlowRun.RunAsync(flow);
        Assert.NotEmpty(undisturbed.Points);
        Assert.Equal(undisturbed.End, (await FlowRun.RunAsync(flow)).End);
        var failures = new List<string>();
        var runs = 0;
        foreach (var point in undisturbed.Points)
        {
            foreach (var mode in Enum.GetValues<FaultMode>())
            {
                var result = await FlowRun.RunAsync(flow, point, mode);
                runs++;
                if (!result.Hit || result.End != undisturbed.End)
                {
                    failures.Add($"{mode} at {point}{(result.Hit ? "" : " (never reached)")}:\n{EndState.Difference(undisturbed.End, result.End)}");
                }
            }
        }

        output.WriteLine($"{name}: {undisturbed.Points.Count} side effects x {Enum.GetValues<FaultMode>().Length} faults = {runs} runs, {failures.Count} failed");
        output.WriteLine(string.Join(", ", undisturbed.Points));
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }
}
