using System.Text;
using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Kinds;

/// <summary>What the operator keeps of resources whose users put as much into them as the server takes.</summary>
public sealed class ResourceTypesTests
{
    private const int Huge = 300_000;

    // name; the resource as the server has it; why
    public static TheoryData<string, ServiceKey, string> Large => new()
    {
        { "override", WithPolicy(new PolicySpec { Override = Json($$"""{"Statement": "{{new string('x', Huge)}}"}""") }), "a policy for KMS has 32 KiB" },
        {
            "statements",
            WithPolicy(new PolicySpec { AdditionalStatements = [.. Enumerable.Repeat(Json($$"""{"Sid": "{{new string('x', 4000)}}"}"""), 75)] }),
            "each of them is small, all together are not"
        },
        {
            "annotations",
            new ServiceKey { Metadata = new ObjectMeta { Name = "k", Annotations = new Dictionary<string, string> { ["kubectl.kubernetes.io/last-applied-configuration"] = new('x', 200_000), [AnnotationNames.ReconcileAt] = new('x', 50_000) } } },
            "kubectl keeps the whole manifest in one"
        },
        { "labels", new ServiceKey { Metadata = new ObjectMeta { Name = "k", Labels = Enumerable.Range(0, 1000).ToDictionary(n => $"label-{n}", _ => new string('x', 63)) } }, "the operator reads labels of namespaces only" },
    };

    [Theory, MemberData(nameof(Large))]
    public void What_is_kept_of_a_large_resource_is_small(string name, ServiceKey resource, string because)
    {
        var kept = ResourceTypes.ServiceKeys.ToCached(resource);

        Assert.True(Size(resource) > 50_000, name);
        Assert.True(Size(kept) < 3000, $"{name}: {because}");
    }

    [Fact]
    public void A_policy_that_KMS_could_take_and_the_operator_s_own_annotations_are_kept_as_they_are()
    {
        var policy = new PolicySpec { Override = Json($$"""{"Statement": "{{new string('x', 32_000)}}"}""") };
        var annotations = new Dictionary<string, string> { [AnnotationNames.DeletionProtection] = "true", [AnnotationNames.ConfirmDeletion] = "mrk-1" };

        var kept = ResourceTypes.ServiceKeys.ToCached(WithPolicy(policy) with { Metadata = new ObjectMeta { Name = "k", Annotations = annotations } });

        Assert.Equal(policy, kept.Spec.Policy);
        Assert.Equal(annotations, kept.Metadata.Annotations);
    }

    [Fact]
    public async Task A_policy_that_is_too_large_to_be_kept_is_refused_with_its_size()
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("k", $"policy: {{override: {{Version: \"2012-10-17\", Id: \"{new string('x', Huge)}\", Statement: [{{Effect: Allow, Principal: {{AWS: \"arn:aws:iam::123456789012:root\"}}, Action: \"kms:*\", Resource: \"*\"}}]}}}}"));

        scenario.AssertStalled("ServiceKey", "k", "PolicyTooLarge");
        Assert.Matches("spec.policy: the key policy has 300[0-9]+ bytes, KMS permits 32768", scenario.Condition("ServiceKey", "k", "Ready")!.Value.Message);
        Assert.Empty(await scenario.Aws.KeysAsync());
    }

    [Fact]
    public async Task A_long_value_of_reconcile_at_is_handled_once()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("k", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        await scenario.AnnotateAsync("ServiceKey", "k", AnnotationNames.ReconcileAt, string.Concat(Enumerable.Repeat("🙂", 40_000)));
        var calls = await scenario.CallsAsync("GetKeyPolicy");
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        scenario.AssertReady("ServiceKey", "k");
        Assert.Equal(calls, await scenario.CallsAsync("GetKeyPolicy"));
    }

    private static ServiceKey WithPolicy(PolicySpec policy) => new() { Metadata = new ObjectMeta { Name = "k" }, Spec = new ServiceKeySpec { Policy = policy } };

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private static int Size(ServiceKey resource) => Encoding.UTF8.GetByteCount(JsonSerializer.Serialize(resource, ApiJsonContext.Default.ServiceKey));
}
