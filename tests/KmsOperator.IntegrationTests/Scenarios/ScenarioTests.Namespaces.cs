using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

// The namespace's controller looks for what is left after 5 s first, and after 8 s more. So each case has a namespace and a class of its own, and all go at once.
public sealed partial class ScenarioTests
{
    // what is deleted in which order, the state of the primary and of its replicas after it, why
    private static readonly (string Order, string Primary, string Replicas, string Why)[] OrdersWithAnOperator =
    [
        ("namespace", "PendingReplicaDeletion", "PendingDeletion", "the namespace's controller deletes primaries and replicas in any order"),
        ("sk/one, namespace", "PendingReplicaDeletion", "PendingDeletion", "the primary waits for a replica that only the namespace takes along"),
        ("kr/copy, sk/one, namespace", "PendingReplicaDeletion", "PendingDeletion", "the order that a careful person chooses"),
        ("class, seen, namespace", "Enabled", "Enabled", "the way into the account is gone first"),
    ];

    private static readonly (string Order, string Primary, string Replicas, string Why)[] OrdersWithoutAnOperator =
    [
        ("namespace", "PendingReplicaDeletion", "PendingDeletion", "the operator comes back to a namespace that waits for it"),
        ("class, namespace", "Enabled", "Enabled", "the operator comes back and knows neither"),
        ("namespace, class", "Enabled", "Enabled", "the operator comes back too late: the class went while the keys waited for it"),
    ];

    [Fact]
    public async Task A_namespace_goes_whatever_is_deleted_first_and_no_key_is_forgotten()
    {
        await Cluster.StartControllersAsync();
        await Task.WhenAll(
        [
            .. OrdersWithAnOperator.Select(each => InAnotherAsync(async own =>
            {
                await own.MakeAllAsync();
                await own.DeleteInOrderAsync(each.Order);
                await own.AssertGoneAsync(each.Primary, each.Replicas, each.Why);
            })),
            InAnotherAsync(own => own.A_namespace_that_goes_is_not_held_and_a_protected_key_in_it_stays()),
            InAnotherAsync(own => own.A_suspended_resource_does_not_hold_back_its_namespace()),
            InAnotherAsync(own => own.A_suspended_resource_that_is_deleted_already_does_not_hold_back_its_namespace()),
        ]);
    }

    [Fact]
    public async Task A_namespace_that_is_deleted_while_no_operator_runs_goes_once_one_runs()
    {
        await Cluster.StartControllersAsync();
        var homes = await Task.WhenAll(OrdersWithoutAnOperator.Select(_ => AnotherAsync()));
        try
        {
            await Task.WhenAll(homes.Select(own => own.MakeAllAsync()));
            operators.Kill();
            try
            {
                await Task.WhenAll(homes.Zip(OrdersWithoutAnOperator, (own, each) => own.DeleteInOrderAsync(each.Order)));
            }
            finally
            {
                operators.StartOperator();
            }

            await Task.WhenAll(homes.Zip(OrdersWithoutAnOperator, (own, each) => own.AssertGoneAsync(each.Primary, each.Replicas, each.Why)));
        }
        finally
        {
            foreach (var own in homes)
                await own.DisposeAsync();
        }
    }

    private async Task A_namespace_that_goes_is_not_held_and_a_protected_key_in_it_stays()
    {
        await Cluster.ApplyTextAsync(Key("kept", "service: s3", "deletionPolicy: Delete") + "\n---\n" + Key("gone", "service: sns", "deletionPolicy: Delete"));
        await ReadyAsync("sk/kept");
        await ReadyAsync("sk/gone");
        await AnnotateAsync("sk/kept", "kms.servicekey.dev/deletion-protection=true");
        await DeleteAsync($"namespace/{_namespace}");
        var keys = (await operators.KeysOfAsync(_namespace)).ToDictionary(key => Owner(key)!);
        Assert.Equal("Enabled", State(keys[$"ServiceKey/{_namespace}/kept"]));
        Assert.NotNull(Tag(keys[$"ServiceKey/{_namespace}/kept"], "servicekey.dev/released"));
        Assert.Equal("PendingDeletion", State(keys[$"ServiceKey/{_namespace}/gone"]));
    }

    private async Task A_suspended_resource_does_not_hold_back_its_namespace()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "deletionPolicy: Delete"));
        await ReadyAsync("sk/one");
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "deletionPolicy: Delete", "suspend: true"));
        await ConditionAsync("sk/one", "Unknown", "Suspended", null);
        await DeleteAsync($"namespace/{_namespace}");
        Assert.Equal("Enabled", State(Assert.Single(await operators.KeysOfAsync(_namespace))));
    }

    private async Task A_suspended_resource_that_is_deleted_already_does_not_hold_back_its_namespace()
    {
        await Cluster.ApplyTextAsync(WithReplica("deletionPolicy: Delete"));
        await ReadyAsync("sk/one");
        await PatchAsync("sk/one", """{"spec":{"suspend":true}}""");
        foreach (var resource in (string[])["kr/one-eu-west-1", "sk/one"])
        {
            await StartDeletingAsync(resource);
            Assert.Contains("the deletion waits", await ConditionAsync(resource, "Unknown", "Suspended", null), StringComparison.Ordinal);
        }

        await DeleteAsync($"namespace/{_namespace}");
        Assert.Equal(["Enabled", "Enabled"], (await operators.KeysOfAsync(_namespace)).Select(State));
    }

    /// <summary>This class with another namespace and another KeyClass; the caller disposes it.</summary>
    private async Task<ScenarioTests> AnotherAsync()
    {
        var another = new ScenarioTests(controlPlane, operators);
        await another.InitializeAsync();
        return another;
    }

    private async Task InAnotherAsync(Func<ScenarioTests, Task> test)
    {
        await using var own = await AnotherAsync();
        await test(own);
    }

    /// <summary>A primary with two replicas, one of them its own, and a key that is kept.</summary>
    private async Task MakeAllAsync()
    {
        await Cluster.ApplyTextAsync(string.Join("\n---\n",
            Key("one", "service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]", "deletionPolicy: Delete"),
            Key("kept", "service: sns"),
            Replica("copy", "us-east-2")));
        await ReadyAsync("sk/one");
        await ReadyAsync("sk/kept");
        await ReadyAsync("kr/copy");
    }

    private async Task DeleteInOrderAsync(string order)
    {
        foreach (var step in order.Split(", "))
        {
            if (step == "seen")
            {
                await ConditionAsync("sk/one", "False", "ClassNotFound", "Stalled");
                await ConditionAsync("kr/copy", "False", "ClassNotFound", "Stalled");
                await ConditionAsync("kr/one-eu-west-1", "False", "ClassNotFound", "Stalled");
            }
            else
            {
                await StartDeletingAsync(step switch { "class" => $"keyclass/{_namespace}", "namespace" => $"namespace/{_namespace}", _ => step });
            }
        }
    }

    private async Task AssertGoneAsync(string primary, string replicas, string why)
    {
        await Eventually.TrueAsync(
            async () => await FindAsync($"namespace/{_namespace}") is null, () => $"{why}: {_namespace} does not go.\n{operators.Log}", TimeSpan.FromSeconds(90));

        var keys = await operators.KeysOfAsync(_namespace);
        Assert.Equal(4, keys.Length);
        Assert.Equal("Enabled", State(Assert.Single(keys, key => Owner(key) == $"ServiceKey/{_namespace}/kept")));
        Assert.True(primary == State(Assert.Single(keys, key => Owner(key) == $"ServiceKey/{_namespace}/one")), why);
        Assert.All(keys.Where(key => Owner(key)!.StartsWith("KeyReplica/", StringComparison.Ordinal)), key => Assert.True(replicas == State(key), why));
    }

    private string WithReplica(params string[] lines) => Key("one", ["service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]", .. lines]);

    private string Replica(string name, string region) =>
        $$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: KeyReplica
        metadata: {name: {{name}}, namespace: {{_namespace}}}
        spec: {primaryRef: {name: one}, region: {{region}}}
        """;
}
