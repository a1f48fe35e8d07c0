using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.IntegrationTests.Runtime;

public sealed class KubernetesApiTests(ControlPlaneFixture controlPlane) : RuntimeTest(controlPlane)
{
    private static readonly WatchTiming Timing = new(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));

    [Fact]
    public async Task A_list_comes_in_pages_and_the_last_one_has_no_token()
    {
        foreach (var name in (string[])["a", "b", "c", "d", "e"])
            await Api.CreateAsync(Widget.Type, Widget.Named(Home, name), Ct);

        List<string> names = [];
        var pages = 0;
        string? token = null;
        do
        {
            var page = await Api.ListPageAsync(Widget.Type, Home, 2, token, Ct);
            names.AddRange(page.Items.Select(widget => widget.Metadata.Name));
            token = page.Metadata.Continue;
            pages++;
        }
        while (!string.IsNullOrEmpty(token));

        Assert.Equal(["a", "b", "c", "d", "e"], names);
        Assert.Equal(3, pages);
    }

    [Fact]
    public async Task An_object_that_is_not_there_is_null_but_a_kind_that_is_not_served_is_an_error()
    {
        Assert.Null(await Api.GetAsync(Widget.Type, new(Home, "missing"), Ct));

        var unserved = Widget.Type with { Plural = "unserved" };
        var failure = await Assert.ThrowsAsync<KubernetesApiException>(() => Api.GetAsync(unserved, new(Home, "missing"), Ct));
        Assert.True(failure.IsNotFound);
    }

    [Fact]
    public async Task A_second_object_of_the_same_name_is_a_conflict()
    {
        await Api.CreateAsync(Widget.Type, Widget.Named(Home, "one"), Ct);

        var failure = await Assert.ThrowsAsync<KubernetesApiException>(() => Api.CreateAsync(Widget.Type, Widget.Named(Home, "one"), Ct));

        Assert.True(failure.IsConflict);
        Assert.Equal("AlreadyExists", failure.Reason);
    }

    [Fact]
    public async Task A_patch_of_a_stale_version_is_a_conflict()
    {
        var stale = await Api.CreateAsync(Widget.Type, Widget.Named(Home, "one"), Ct);
        await Api.MergePatchAsync(Widget.Type, NamespacedName.Of(stale), new() { ["spec"] = new JsonObject { ["size"] = 2 } }, null, Ct);

        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = stale.Metadata.ResourceVersion },
            ["spec"] = new JsonObject { ["size"] = 3 },
        };
        var failure = await Assert.ThrowsAsync<KubernetesApiException>(
            () => Api.MergePatchAsync(Widget.Type, NamespacedName.Of(stale), patch, null, Ct));

        Assert.True(failure.IsConflict);
        Assert.Equal(2, (await Api.GetAsync(Widget.Type, NamespacedName.Of(stale), Ct))!.Spec!.Size);
    }

    [Fact]
    public async Task A_deletion_is_refused_for_another_uid_and_says_whether_there_was_anything()
    {
        var widget = await Api.CreateAsync(Widget.Type, Widget.Named(Home, "one"), Ct);
        var key = NamespacedName.Of(widget);

        var failure = await Assert.ThrowsAsync<KubernetesApiException>(
            () => Api.DeleteAsync(Widget.Type, key, "00000000-0000-0000-0000-000000000000", null, Ct));
        Assert.True(failure.IsConflict);
        Assert.True(await Api.DeleteAsync(Widget.Type, key, widget.Metadata.Uid, widget.Metadata.ResourceVersion, Ct));
        Assert.False(await Api.DeleteAsync(Widget.Type, key, null, null, Ct));
    }

    [Fact]
    public async Task A_watch_from_a_version_of_long_ago_is_gone()
    {
        await Api.CreateAsync(Widget.Type, Widget.Named(Home, "one"), Ct);

        var failure = await Assert.ThrowsAsync<KubernetesApiException>(async () =>
        {
            await foreach (var _ in Api.WatchAsync(Widget.Type, Home, "1", Timing, Ct))
            {
            }
        });

        Assert.True(failure.IsGone);
    }

    [Fact]
    public async Task An_applied_ConfigMap_keeps_what_others_put_into_it()
    {
        var key = new NamespacedName(Home, "published");
        var body = (string arn) => new JsonObject { ["data"] = new JsonObject { ["arn"] = arn } };
        await Api.ApplyAsync(BuiltInTypes.ConfigMaps, key, body("one"), "kms-operator", null, false, Ct);
        await Api.MergePatchAsync(BuiltInTypes.ConfigMaps, key, new() { ["data"] = new JsonObject { ["theirs"] = "x" } }, null, Ct);

        var applied = await Api.ApplyAsync(BuiltInTypes.ConfigMaps, key, body("two"), "kms-operator", null, false, Ct);

        Assert.Equal("two", applied.Data!["arn"]);
        Assert.Equal("x", applied.Data["theirs"]);
    }

    [Fact]
    public async Task A_user_of_the_test_clusters_own_making_has_no_rights_but_those_it_is_given()
    {
        var kubeconfig = await Cluster.KubeconfigForServiceAccountAsync("kms-operator-system", "kms-operator-without-rights");
        using var api = Cluster.Connect(kubeconfig);

        var failure = await Assert.ThrowsAsync<KubernetesApiException>(() => api.ListPageAsync(Widget.Type, Home, 1, null, Ct));

        Assert.True(failure.IsForbidden);
        Assert.Contains("system:serviceaccount:kms-operator-system:kms-operator-without-rights", failure.Message, StringComparison.Ordinal);
    }
}
