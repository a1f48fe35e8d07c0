using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.IntegrationTests.Runtime;

public sealed class WritingTests(ControlPlaneFixture controlPlane) : RuntimeTest(controlPlane)
{
    private const string Ours = "kms.servicekey.dev/key";
    private const string Theirs = "example.com/theirs";

    [Fact]
    public async Task Finalizers_come_and_go_without_touching_others_finalizers_or_fields_unknown_to_us()
    {
        var widget = await ApplyAsync("one", $"finalizers: [{Theirs}]");

        widget = await Api.AddFinalizerAsync(Widget.Type, widget, Ours, Ct);
        Assert.Equal([Theirs, Ours], widget.Metadata.Finalizers);
        widget = await Api.RemoveFinalizerAsync(Widget.Type, widget, Ours, Ct);

        Assert.Equal([Theirs], widget!.Metadata.Finalizers);
        var unmodelled = await Cluster.KubectlAsync("get", "widget", "one", "-n", Home, "-o", "jsonpath={.spec.unmodelled}");
        Assert.Equal("kept", unmodelled.EnsureSuccess());
    }

    [Fact]
    public async Task A_finalizer_on_a_stale_object_is_a_conflict()
    {
        var stale = await ApplyAsync("one", "labels: {a: b}");
        await Api.AddFinalizerAsync(Widget.Type, stale, Theirs, Ct);

        var failure = await Assert.ThrowsAsync<KubernetesApiException>(() => Api.AddFinalizerAsync(Widget.Type, stale, Ours, Ct));

        Assert.True(failure.IsConflict);
    }

    [Fact]
    public async Task Removing_the_last_finalizer_of_a_deleted_object_lets_it_go()
    {
        var widget = await ApplyAsync("one", $"finalizers: [{Ours}]");
        await Api.DeleteAsync(Widget.Type, NamespacedName.Of(widget), null, null, Ct);
        widget = (await Api.GetAsync(Widget.Type, NamespacedName.Of(widget), Ct))!;
        Assert.NotNull(widget.Metadata.DeletionTimestamp);

        await Api.RemoveFinalizerAsync(Widget.Type, widget, Ours, Ct);

        Assert.Null(await Api.GetAsync(Widget.Type, NamespacedName.Of(widget), Ct));
        Assert.Null(await Api.RemoveFinalizerAsync(Widget.Type, widget, Ours, Ct));
    }

    [Fact]
    public async Task A_status_that_is_as_it_was_is_not_written_and_one_that_differs_replaces_ours_whole()
    {
        var widget = await ApplyAsync("one", "labels: {a: b}");
        Assert.Equal(-1, widget.Status!.ObservedGeneration);

        var written = await Api.ApplyStatusAsync(Widget.Type, widget, Status("True", "Bound"), Ct);
        Assert.Equal("Bound", written.Status!.Phase);
        Assert.NotEqual(widget.Metadata.ResourceVersion, written.Metadata.ResourceVersion);

        var again = await Api.ApplyStatusAsync(Widget.Type, written, Status("True", "Bound"), Ct);
        Assert.Same(written, again);
        Assert.Equal(written.Metadata.ResourceVersion, (await Api.GetAsync(Widget.Type, NamespacedName.Of(widget), Ct))!.Metadata.ResourceVersion);

        var changed = await Api.ApplyStatusAsync(Widget.Type, again, Status("False", null), Ct);
        Assert.Null(changed.Status!.Phase);
        var condition = Assert.Single(changed.Status.Conditions!);
        Assert.Equal(("Ready", "False", ""), (condition.Type, condition.Status, condition.Message));
    }

    [Fact]
    public async Task Conditions_whose_order_the_server_keeps_from_before_are_not_written_again()
    {
        var widget = await ApplyAsync("one", "labels: {a: b}");
        static JsonObject Status(params JsonNode?[] conditions) => new() { ["observedGeneration"] = 1, ["conditions"] = new JsonArray(conditions) };
        static JsonObject Ordered() => Status(Condition("Ready", "False"), Condition("Reconciling", "True"));

        widget = await Api.ApplyStatusAsync(Widget.Type, widget, Status(Condition("Reconciling", "True")), Ct);
        widget = await Api.ApplyStatusAsync(Widget.Type, widget, Ordered(), Ct);

        Assert.Equal(["Ready", "Reconciling"], widget.Status!.Conditions!.Select(condition => condition.Type).Order());
        Assert.Same(widget, await Api.ApplyStatusAsync(Widget.Type, widget, Ordered(), Ct));
    }

    [Fact]
    public async Task Status_is_never_written_to_another_object_of_the_same_name()
    {
        var first = await ApplyAsync("one", "labels: {a: b}");
        await Api.DeleteAsync(Widget.Type, NamespacedName.Of(first), null, null, Ct);

        var gone = await Assert.ThrowsAsync<KubernetesApiException>(
            () => Api.ApplyStatusAsync(Widget.Type, first, Status("True", "Bound"), Ct));
        Assert.True(gone.IsNotFound || gone.IsConflict, gone.ToString());

        await ApplyAsync("one", "labels: {a: c}");
        var other = await Assert.ThrowsAsync<KubernetesApiException>(
            () => Api.ApplyStatusAsync(Widget.Type, first, Status("True", "Bound"), Ct));
        Assert.True(other.IsConflict, other.ToString());
    }

    [Fact]
    public async Task A_status_of_a_stale_object_is_a_conflict()
    {
        var stale = await ApplyAsync("one", "labels: {a: b}");
        await ApplyAsync("one", "labels: {a: c}");

        var failure = await Assert.ThrowsAsync<KubernetesApiException>(
            () => Api.ApplyStatusAsync(Widget.Type, stale, Status("True", "Bound"), Ct));
        Assert.True(failure.IsConflict);
    }

    private static JsonObject Status(string ready, string? phase) => new()
    {
        ["observedGeneration"] = 1,
        ["phase"] = phase,
        ["seenAt"] = "2030-01-02T03:04:05Z",
        ["conditions"] = new JsonArray(Condition("Ready", ready)),
    };

    private static JsonObject Condition(string type, string status) => new()
    {
        ["type"] = type,
        ["status"] = status,
        ["observedGeneration"] = 1,
        ["lastTransitionTime"] = "2030-01-02T03:04:05Z",
        ["reason"] = "Available",
        // Old servers refuse an empty string; the writer leaves it out.
        ["message"] = "",
    };

    private async Task<Widget> ApplyAsync(string name, string metadata)
    {
        await Cluster.ApplyTextAsync($$"""
            apiVersion: test.servicekey.dev/v1
            kind: Widget
            metadata: {name: {{name}}, namespace: {{Home}}, {{metadata}}}
            spec: {size: 1, unmodelled: kept}
            """);
        return (await Api.GetAsync(Widget.Type, new(Home, name), Ct))!;
    }
}
