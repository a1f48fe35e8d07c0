using System.Text.Json.Nodes;
using KmsOperator.Aws;
using KmsOperator.Commands;
using KmsOperator.Manifests;
using KmsOperator.Plans;
using KmsOperator.Plans.Steps;
using KmsOperator.Terminal;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Plans;

/// <summary>Makes plans against the API server and KMS in memory, beside the real operator.</summary>
internal static class PlanMaking
{
    private const string Namespace = "team";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A plan with the cluster: of manifests, or of all that the cluster has.</summary>
    public static Task<PlanReport> PlanAsync(this OperatorUnderTest op, string? manifests = null) =>
        RunOf(op).RunAsync(new PlanInput { Manifests = Parse(manifests), Cluster = op.Server.Connect(), ClusterId = "test", Namespace = Namespace }, Ct);

    /// <summary>A plan of manifests without a cluster.</summary>
    public static Task<PlanReport> PlanOfflineAsync(this OperatorUnderTest op, string manifests, string? clusterId = null) =>
        RunOf(op).RunAsync(new PlanInput { Manifests = Parse(manifests), ClusterId = clusterId, Namespace = Namespace }, Ct);

    /// <summary>What the verb prints, and its exit code.</summary>
    public static async Task<(int Code, string Output)> PrintAsync(this OperatorUnderTest op, string format, string? manifests, bool colours = false)
    {
        using var output = new StringWriter();
        var input = new PlanInput { Manifests = Parse(manifests), Cluster = op.Server.Connect(), ClusterId = "test", Namespace = Namespace };
        var code = await PlanCommand.RunAsync(RunOf(op), input, format, new Colours(colours), output, Ct);
        return (code, output.ToString());
    }

    /// <summary>The resource of a name.</summary>
    public static ResourcePlan Of(this PlanReport report, string kind, string name) =>
        report.Resources.Single(resource => resource.Kind == kind && resource.Key.Name == name);

    /// <summary>The operations of a resource's steps.</summary>
    public static string[] Operations(this ResourcePlan resource) => [.. resource.Steps.Select(step => step.Operation)];

    /// <summary>The writes that KMS was asked for and did, in their order: operation, Region and ARN of the key.</summary>
    public static async Task<IReadOnlyList<(string Operation, string Region, string? Key)>> WritesAsync(this SimulatedAws aws)
    {
        using var http = new HttpClient(aws.InProcess.Transport, disposeHandler: false) { BaseAddress = new Uri("http://simulator.invalid") };
        var calls = JsonNode.Parse(await http.GetStringAsync(new Uri("/_sim/calls?detail=1", UriKind.Relative), Ct))!.AsArray();
        return
        [
            .. calls.Where(call => (string)call!["outcome"]! == "OK" && !IsRead((string)call["operation"]!))
                .Select(call => ((string)call!["operation"]!, (string?)call["region"] ?? "", (string?)call["key"])),
        ];
    }

    private static PlanRun RunOf(OperatorUnderTest op) =>
        new(wrap => new AwsClients("plan-test", wrapTransport: wrap, time: op.Clock, inProcess: op.Aws.InProcess), op.Clock);

    private static ManifestSet? Parse(string? manifests)
    {
        if (manifests is null)
        {
            return null;
        }

        var set = ManifestLoader.Parse("keys.yaml", manifests);
        Assert.Empty(set.Errors);
        return set;
    }

    private static bool IsRead(string operation) =>
        operation.StartsWith("Get", StringComparison.Ordinal) || operation.StartsWith("List", StringComparison.Ordinal) || operation.StartsWith("Describe", StringComparison.Ordinal)
        || operation is "AssumeRole";
}
