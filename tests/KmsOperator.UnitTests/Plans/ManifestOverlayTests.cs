using System.Text.Json.Nodes;
using KmsOperator.Plans.Cluster;
using KmsOperator.Testing.ApiServer;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Plans;

/// <summary>What a manifest that is applied leaves of a resource that the cluster has.</summary>
public sealed class ManifestOverlayTests
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    // who applied first and what, who changed what then, the manifest, the operations, why
    public static TheoryData<string[], string, string[], string, string> Others => new()
    {
        { ["tags: {team: a}"], "{spec: {tags: {cost: b}}}", ["tags: {team: a}"], "", "the tag of another manager stays" },
        { ["tags: {team: a}"], "{spec: {tags: {cost: b}}}", ["tags: {team: c}"], "TagResource", "beside a tag that the manifest changes" },
        { ["tags: {team: a}"], "{spec: {tags: {cost: b}}}", [], "UntagResource", "the manifest's own tag goes, and that alone" },
        { ["description: mine"], "{spec: {access: {users: [App]}}}", ["description: mine"], "", "a field of which the manifest says nothing" },
        { ["description: mine"], "{spec: {description: theirs}}", ["description: mine"], "UpdateKeyDescription", "what both have is as the manifest has it" },
        { ["access: {users: [App]}"], "{spec: {access: {administrators: [Admin]}}}", [], "PutKeyPolicy", "of access the manifest's part goes" },
        { ["access: {users: [App]}"], "{spec: {access: {administrators: [Admin]}}}", ["access: {users: [App]}"], "", "and stays with the manifest" },
        { ["grants: [{name: a, granteePrincipal: App, operations: [Decrypt]}]"], "{spec: {enabled: false}}", [], "RevokeGrant", "an item of a list goes with its manifest" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public async Task What_another_field_manager_has_set_stays(string[] first, string others, string[] manifest, string operations, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", ["service: s3", .. first]));
        new ClusterUser(scenario.Operator.Server, "autoscaler").Patch("ServiceKey", Scenario.Id("ServiceKey", "orders"), others);
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));
        var text = Scenario.Key("orders", ["service: s3", .. manifest]);

        var planned = (await scenario.Operator.PlanAsync(text)).Of("ServiceKey", "orders").Operations();

        Assert.True(planned.SequenceEqual(operations.Split(',', StringSplitOptions.RemoveEmptyEntries)), $"{why}: {string.Join(", ", planned)}");

        // And that is what becomes of it.
        var before = (await scenario.Operator.Aws.WritesAsync()).Count;
        await scenario.ApplyAsync(text);
        Assert.Equal(planned, (await scenario.Operator.Aws.WritesAsync()).Skip(before).Select(write => write.Operation));
    }

    [Fact]
    public async Task Two_who_apply_have_what_each_of_them_has_applied()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3", "description: mine", "access: {users: [App]}"));
        var second = new ClusterUser(scenario.Operator.Server, "platform-team");
        second.Apply(Scenario.Key("orders", "access: {users: [Auditor]}", "tags: {cost: b}"), "team");
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        var plan = await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: s3", "description: mine", "access: {users: [Other]}"));

        var users = Assert.Single(Assert.Single(plan.Of("ServiceKey", "orders").Steps).Changes);
        Assert.Equal(("App", "Auditor"), (Role(users.Before, "App", "Other"), Role(users.Before, "Auditor", "Other")));
        Assert.Equal(("Other", "Auditor"), (Role(users.After, "Other", "App"), Role(users.After, "Auditor", "App")));
    }

    private static string? Role(string? statement, string role, string absent)
    {
        Assert.DoesNotContain($"role/{absent}", statement, StringComparison.Ordinal);
        return statement?.Contains($"role/{role}", StringComparison.Ordinal) == true ? role : null;
    }

    // the manifest, the operations, the tags that go, why
    public static TheoryData<string[], string, string, string> Shorter => new()
    {
        { ["description: mine", "tags: {team: a}"], "UpdateKeyDescription", "", "what the manifest has is as it says, and a tag of others stays" },
        { ["tags: {team: a}"], "UpdateKeyDescription", "", "what somebody has edited goes all the same" },
        { ["description: edited", "tags: {}"], "UntagResource", "tag team", "a tag that was applied goes, one of others stays" },
        { ["description: edited"], "UntagResource", "tag cost,tag team", "an object of which nothing is left goes with what others have put into it" },
    };

    [Theory]
    [MemberData(nameof(Shorter))]
    public async Task After_kubectl_apply_goes_what_its_annotation_has_and_the_manifest_has_not(string[] manifest, string operations, string untagged, string why)
    {
        using var scenario = await Scenario.StartAsync();
        var first = Scenario.Key("orders", "service: s3", "description: mine", "tags: {team: a}");
        scenario.User.EnsureNamespace("team");
        new ClusterUser(scenario.Operator.Server, "kubectl-client-side-apply").Create(first, "team");
        var id = Scenario.Id("ServiceKey", "orders");
        scenario.User.Annotate("ServiceKey", id, LastApplied, YamlManifests.Read(first).Single().ToJsonString());
        new ClusterUser(scenario.Operator.Server, "kubectl-edit").Patch("ServiceKey", id, "{spec: {description: edited, tags: {cost: b}}}");
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        var steps = (await scenario.Operator.PlanAsync(Scenario.Key("orders", ["service: s3", .. manifest]))).Of("ServiceKey", "orders").Steps;

        Assert.True(operations == string.Join(',', steps.Select(step => step.Operation)), $"{why}: {string.Join(',', steps.Select(step => step.Operation))}");
        Assert.Equal(untagged, string.Join(',', steps.Where(step => step.Operation == "UntagResource").SelectMany(step => step.Changes).Select(change => change.Subject).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task A_namespace_that_is_not_there_is_told()
    {
        using var scenario = await Scenario.StartAsync();

        var missing = await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: s3"));
        scenario.User.EnsureNamespace("team");
        var there = await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: s3"));

        Assert.Equal(["There is no namespace team in the cluster or among the manifests, for ServiceKey orders: the API server refuses them until there is one."], missing.Notes);
        Assert.Empty(there.Notes);
    }

    [Fact]
    public void Where_the_API_server_keeps_no_managedFields_nobody_knows_who_owns_what() =>
        Assert.Null(FieldOwnership.Of(new JsonObject { ["annotations"] = new JsonObject { [LastApplied] = "{" } }, new JsonObject { ["service"] = "s3" }));
}
