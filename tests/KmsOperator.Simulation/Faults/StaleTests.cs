using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Faults;
using KmsOperator.Testing.Flows;

namespace KmsOperator.Simulation.Faults;

/// <summary>
/// An operator that takes over and is served lists of an earlier moment, and learns the rest later, event by event or, where the events were dropped, by a new list: the
/// end is that of an operator that saw everything.
/// </summary>
public sealed class StaleTests
{
    private static readonly ServiceKeySpec Spec = new() { Service = "s3" };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task An_operator_with_a_stale_cache_makes_no_second_key(bool forgets)
    {
        var create = new Flow("create", Flow.Nothing, on => on.CreateAsync("one", Spec));

        // The list that the second operator is served is from before the first one did anything.
        return CompareAsync(create, forgets, stale => async on =>
        {
            await create.Act(on);
            await stale.RememberAsync(on.Namespace);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task An_operator_that_still_sees_the_deleted_resource_leaves_the_key_of_the_new_one_alone(bool forgets)
    {
        var spec = Spec with { DeletionPolicy = "Delete" };
        Func<FlowUser, Task> Again(Func<FlowUser, Task> meanwhile) => async on =>
        {
            await on.DeleteAsync("one");
            await meanwhile(on);
            await on.GoneAsync("one");
            await on.CreateAsync("one", spec);
        };

        // Its list has the first resource on its way out, under the same name and another uid.
        return CompareAsync(
            new Flow("again", on => on.CreateAsync("one", spec), Again(Flow.Nothing)), forgets, stale => Again(on => stale.RememberAsync(on.Namespace)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task An_operator_that_still_sees_the_living_resource_leaves_the_key_of_the_new_one_alone(bool forgets)
    {
        var spec = Spec with { DeletionPolicy = "Delete" };
        Func<FlowUser, Task> Again(Func<FlowUser, Task> before) => async on =>
        {
            await before(on);
            await on.DeleteAsync("one");
            await on.GoneAsync("one");
            await on.CreateAsync("one", spec with { Description = "the second" });
        };

        // Deleted and made again under the same name, which it is not told.
        return CompareAsync(
            new Flow("again", on => on.CreateAsync("one", spec), Again(Flow.Nothing)), forgets, stale => Again(on => stale.RememberAsync(on.Namespace)));
    }

    [Fact]
    public Task An_operator_that_still_sees_the_class_as_it_was_ends_with_the_class_as_it_is()
    {
        Func<FlowUser, Task> Change(Func<FlowUser, Task> before) => async on =>
        {
            await before(on);
            await on.PatchClassAsync("""{"spec":{"tags":{"stage":"b"}}}""");
            await ReachedAsync(on);
        };
        return CompareAsync(
            new Flow("class", on => on.CreateAsync("one", Spec), Change(Flow.Nothing)),
            forgets: true,
            stale => Change(_ => stale.RememberAsync(ResourceTypes.KeyClasses, null)));
    }

    [Fact]
    public Task An_operator_that_does_not_see_the_namespace_s_label_yet_makes_no_key_before_it_does()
    {
        Func<FlowUser, Task> Admit(Func<FlowUser, Task> before) => async on =>
        {
            await before(on);
            await on.PatchNamespaceAsync("""{"metadata":{"labels":{"keys":"allowed"}}}""");
            await on.CreateAsync("one", Spec);
        };
        return CompareAsync(
            new Flow(
                "namespace",
                on => on.PatchClassAsync("""{"spec":{"allowedNamespaces":{"from":"Selector","selector":{"matchLabels":{"keys":"allowed"}}}}}"""),
                Admit(Flow.Nothing)),
            forgets: false,
            stale => Admit(_ => stale.RememberAsync(BuiltInTypes.Namespaces, null)));
    }

    [Fact]
    public Task An_operator_that_still_sees_the_primary_as_it_was_ends_with_the_primary_as_it_is()
    {
        Func<FlowUser, Task> Change(Func<FlowUser, Task> before) => async on =>
        {
            await before(on);
            await on.PatchAsync("one", """{"spec":{"tags":{"stage":"b"}}}""");
            await ReachedAsync(on);
        };
        return CompareAsync(
            new Flow(
                "primary",
                async on =>
                {
                    await on.CreateAsync("one", Spec with { MultiRegion = true });
                    await on.CreateAsync("copy", new KeyReplicaSpec { PrimaryRef = new PrimaryRef { Name = "one" }, Region = "eu-west-1" });
                },
                Change(Flow.Nothing)),
            forgets: true,
            stale => Change(on => stale.RememberAsync(ResourceTypes.ServiceKeys, on.Namespace)));
    }

    /// <summary>Waits until the tag is on every key.</summary>
    private static Task ReachedAsync(FlowUser user) => user.UntilAsync(
        async () => (await user.KeysAsync()).All(key => (string?)key["tags"]!["stage"] == "b"), () => "The tag does not reach all keys.");

    /// <summary>Runs a flow with one operator, and again with one that takes over with old lists.</summary>
    private static async Task CompareAsync(Flow flow, bool forgets, Func<StaleApi, Func<FlowUser, Task>> act)
    {
        var alone = await FlowRun.RunAsync(flow);
        var result = await FlowRun.RunAsync(flow, options: new FlowRunOptions { SuccessorForgets = forgets }, remember: act);
        Assert.Equal(alone.End, result.End);
    }
}
