using CsCheck;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.ApiServer;
using KmsOperator.Testing.Conformance;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.IntegrationTests.Runtime;

/// <summary>The real server's half: the in-memory model must answer what this server answers.</summary>
public sealed class ModelConformanceTests(ControlPlaneFixture controlPlane) : RuntimeTest(controlPlane)
{
    // Each takes some dozens of requests to the real server.
    private const int RandomRuns = 60;

    private static readonly ServedKinds Kinds = ServedKinds.OfOperator.With(Gadget.Definition);

    public static TheoryData<string> Cases => [.. ConformanceCase.All.Select(one => one.Why)];

    /// <summary>Since 1.22 an entry of managedFields names the subresource.</summary>
    private bool ComparesOwnership => Cluster.ServerMinor >= 22;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Cluster.ApplyTextAsync(Gadget.Definition);
        await Eventually.TrueAsync(IsServedAsync, () => "Gadgets are not served.");
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task A_real_server_answers_as_the_model(string why)
    {
        var one = ConformanceCase.All.Single(found => found.Why == why);
        var transcript = new ApiTranscript(Api, Home, ComparesOwnership);

        foreach (var (operation, outcome) in one.Steps)
        {
            var answer = await transcript.SendAsync(operation, Ct);
            Assert.True(ConformanceCase.Outcome(answer) == outcome, $"{operation} -> {answer}");
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task A_real_server_and_the_model_show_the_same_objects_and_events(string why)
    {
        var one = ConformanceCase.All.Single(found => found.Why == why);
        Assert.SkipWhen(one.IsMergedOtherwiseByOldServers && !ComparesOwnership, "Kubernetes 1.20 merges applies of two managers otherwise than today's servers, which the model follows.");

        await CompareAsync([.. one.Steps.Select(step => step.Operation)], ComparesOwnership);
    }

    // Explicit while it finds differences to 1.36: who owns the default of a status after the first apply, and merged lists after some sequences of
    // applies and patches. The cases above, which the operator's own writes are among, agree.
    [Fact(Explicit = true)]
    public async Task A_real_server_and_the_model_agree_on_random_operations() =>
        await RandomOperations.Sequences.SampleAsync(operations => CompareAsync(operations, comparesOwnership: false), iter: RandomRuns, threads: 1);

    private async Task CompareAsync(ApiOperation[] operations, bool comparesOwnership)
    {
        var home = await Cluster.CreateNamespaceAsync();
        var real = await new ApiTranscript(Api, home, comparesOwnership).RunAsync(operations, Ct);
        var model = await new ApiTranscript(new InMemoryApiServer(new FakeTimeProvider(), Kinds).Connect(), "default", comparesOwnership).RunAsync(operations, Ct);

        Assert.Equal(real, model);
    }

    private async Task<bool> IsServedAsync()
    {
        try
        {
            await Api.ListPageAsync(Gadget.Type, Home, 1, null, Ct);
            return true;
        }
        catch (KubernetesApiException e) when (e.IsNotFound)
        {
            return false;
        }
    }
}
