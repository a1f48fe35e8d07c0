using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

public sealed partial class ScenarioTests
{
    [Fact]
    public async Task A_suspended_resource_that_is_deleted_already_does_not_hold_back_its_namespace()
    {
        await Cluster.StartControllersAsync();
        await Cluster.ApplyTextAsync(WithReplica("deletionPolicy: Delete"));
        await ReadyAsync("sk/one");
        await PatchAsync("sk/one", """{"spec":{"suspend":true}}""");
        foreach (var resource in (string[])["kr/one-eu-west-1", "sk/one"])
        {
            (await Cluster.KubectlAsync("delete", resource, "-n", _namespace, "--wait=false")).EnsureSuccess();
            Assert.Contains("the deletion waits", await ConditionAsync(resource, "Unknown", "Suspended", null), StringComparison.Ordinal);
        }

        (await Cluster.KubectlAsync("delete", "namespace", _namespace, "--timeout=90s")).EnsureSuccess();
        Assert.Equal(["Enabled", "Enabled"], (await operators.KeysOfAsync(_namespace)).Select(State));
    }

    // what is deleted in which order, the primary's state after it, its replicas' state, why
    public static TheoryData<string, string, string, string> DeletionOrders => new()
    {
        { "namespace", "PendingReplicaDeletion", "PendingDeletion", "the namespace's controller deletes primaries and replicas in any order" },
        { "sk/one, namespace", "PendingReplicaDeletion", "PendingDeletion", "the primary waits for a replica that only the namespace takes along" },
        { "kr/copy, sk/one, namespace", "PendingReplicaDeletion", "PendingDeletion", "the order that a careful person chooses" },
        { "stop, namespace, start", "PendingReplicaDeletion", "PendingDeletion", "the operator comes back to a namespace that waits for it" },
        { "class, seen, namespace", "Enabled", "Enabled", "the way into the account is gone first" },
        { "stop, class, namespace, start", "Enabled", "Enabled", "the operator comes back and knows neither" },
        { "stop, namespace, class, start", "Enabled", "Enabled", "the operator comes back too late: the class went while the keys waited for it" },
    };

    [Theory]
    [MemberData(nameof(DeletionOrders))]
    public async Task A_namespace_goes_whatever_is_deleted_first_and_no_key_is_forgotten(string order, string primary, string replicas, string why)
    {
        await Cluster.StartControllersAsync();
        await Cluster.ApplyTextAsync(string.Join("\n---\n",
            Key("one", "service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]", "deletionPolicy: Delete"),
            Key("kept", "service: sns"),
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyReplica
            metadata: {name: copy, namespace: {{_namespace}}}
            spec: {primaryRef: {name: one}, region: us-east-2}
            """));
        await ReadyAsync("sk/one");
        await ReadyAsync("sk/kept");
        await ReadyAsync("kr/copy");
        foreach (var step in order.Split(", "))
        {
            switch (step)
            {
                case "stop":
                    operators.Kill();
                    break;
                case "start":
                    operators.StartOperator();
                    break;
                case "seen":
                    await ConditionAsync("sk/one", "False", "ClassNotFound", "Stalled");
                    await ConditionAsync("kr/copy", "False", "ClassNotFound", "Stalled");
                    await ConditionAsync("kr/one-eu-west-1", "False", "ClassNotFound", "Stalled");
                    break;
                case "class":
                    (await Cluster.KubectlAsync("delete", "keyclass", _namespace, "--wait=false")).EnsureSuccess();
                    break;
                case "namespace":
                    (await Cluster.KubectlAsync("delete", "namespace", _namespace, "--wait=false")).EnsureSuccess();
                    break;
                default:
                    (await Cluster.KubectlAsync("delete", step, "-n", _namespace, "--wait=false")).EnsureSuccess();
                    break;
            }
        }

        var gone = await Cluster.KubectlAsync("wait", "--for=delete", $"namespace/{_namespace}", "--timeout=90s");
        Assert.True(gone.ExitCode == 0, $"{why}\n{gone.Error}\n{(await Cluster.KubectlAsync("get", "sk,kr", "-n", _namespace, "-o", "wide")).Output}\n{operators.Log}");

        var keys = await operators.KeysOfAsync(_namespace);
        Assert.Equal(4, keys.Length);
        Assert.Equal("Enabled", State(Assert.Single(keys, key => Owner(key) == $"ServiceKey/{_namespace}/kept")));
        Assert.Equal(primary, State(Assert.Single(keys, key => Owner(key) == $"ServiceKey/{_namespace}/one")));
        Assert.All(keys.Where(key => Owner(key)!.StartsWith("KeyReplica/", StringComparison.Ordinal)), key => Assert.Equal(replicas, State(key)));
    }
}
