using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.IntegrationTests.Runtime;

public sealed class EventRecorderTests(ControlPlaneFixture controlPlane) : RuntimeTest(controlPlane)
{
    [Fact]
    public async Task The_server_takes_events_of_the_greatest_length_and_counts_their_repeats()
    {
        var widget = Widget.Named(Home, new string('n', 253));
        widget = widget with { Metadata = widget.Metadata with { Uid = "1b4e28ba-2fa1-11d2-883f-0016d3cca427" } };
        var note = new string('ü', 2000);

        await RecordAsync(recorder =>
        {
            for (var i = 0; i < 3; i++)
                recorder.Record(widget, EventType.Warning, new string('R', 200), new string('A', 200), note);
            recorder.Record(widget, EventType.Normal, "Available", "Create", "done");
        });

        var events = (await Api.ListPageAsync(BuiltInTypes.Events, Home, 100, null, Ct)).Items;
        Assert.Equal(2, events.Count);
        var repeated = Assert.Single(events, found => found.Type == "Warning");
        Assert.Equal(3, repeated.Series?.Count);
        Assert.StartsWith("üüü", repeated.Note, StringComparison.Ordinal);
        Assert.Equal(widget.Metadata.Uid, repeated.Regarding!.Uid);
        Assert.Equal("kms.servicekey.dev/kms-operator", repeated.ReportingController);
        var single = Assert.Single(events, found => found.Type == "Normal");
        Assert.Null(single.Series);
        Assert.Equal("done", single.Note);
    }

    [Fact]
    public async Task Events_about_cluster_scoped_objects_are_taken()
    {
        var uid = $"uid-of-{Home}";
        var @object = new Namespace { Metadata = new() { Name = Home, Uid = uid } };

        await RecordAsync(recorder => recorder.Record(@object, EventType.Normal, "Available", "Verify", "done"));

        // Every namespace's events, of all tests of this cluster: more than one page.
        var found = new List<Event>();
        string? token = null;
        do
        {
            var page = await Api.ListPageAsync(BuiltInTypes.Events, null, 500, token, Ct);
            found.AddRange(page.Items.Where(item => item.Regarding?.Uid == uid));
            token = page.Metadata.Continue;
        }
        while (!string.IsNullOrEmpty(token));
        Assert.Single(found);
    }

    [Fact]
    public async Task An_event_that_a_terminating_namespace_refuses_does_not_hold_the_others_up()
    {
        var terminating = await Cluster.CreateNamespaceAsync("terminating");
        // A ConfigMap that cannot go keeps the namespace, with or without controllers.
        await Cluster.ApplyTextAsync($"""
            apiVersion: v1
            kind: ConfigMap
            metadata: {"{"}name: keeps, namespace: {terminating}, finalizers: [example.com/keeps]{"}"}
            """);
        (await Cluster.KubectlAsync("delete", "namespace", terminating, "--wait=false")).EnsureSuccess();

        await RecordAsync(recorder =>
        {
            recorder.Record(Widget.Named(terminating, "one"), EventType.Normal, "Deleting", "Delete", "refused");
            recorder.Record(Widget.Named(Home, "one"), EventType.Normal, "Deleting", "Delete", "taken");
        });

        var events = (await Api.ListPageAsync(BuiltInTypes.Events, Home, 100, null, Ct)).Items;
        Assert.Equal("taken", Assert.Single(events).Note);
        await Api.MergePatchAsync(
            BuiltInTypes.ConfigMaps, new(terminating, "keeps"), new() { ["metadata"] = new JsonObject { ["finalizers"] = null } }, null, Ct);
    }

    private async Task RecordAsync(Action<EventRecorder> record)
    {
        var recorder = new EventRecorder(Api, "kms.servicekey.dev/kms-operator", "test-1", TimeProvider.System, new TestOutputLogger());
        using var stop = new CancellationTokenSource();
        record(recorder);
        var run = recorder.RunAsync(stop.Token);
        // A stop sends what is left.
        await stop.CancelAsync();
        await run;
    }
}
