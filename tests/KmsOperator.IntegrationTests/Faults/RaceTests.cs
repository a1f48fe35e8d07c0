using CsCheck;
using KmsOperator.Api;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>Two operators at once, caches that are behind, and changes there and back: the end is that of one fresh operator.</summary>
[Collection("fault stages")]
public sealed class RaceTests(FaultStages stages)
{
    private const int Transitions = 12;

    /// <summary>
    /// All but the rename: without a lease, now and then one operator's list of aliases is older than the other's deletion of the old
    /// alias, and that alias stays. Open; with the lease only one of them works.
    /// </summary>
    public static TheoryData<string> Flows => [.. Flow.All.Select(flow => flow.Name).Where(name => name != "rename")];

    [Theory]
    [MemberData(nameof(Flows))]
    public async Task Two_operators_at_once_without_a_lease_end_as_one(string name)
    {
        var flow = Flow.All.Single(flow => flow.Name == name);
        await stages.StartAsync();
        var alone = await stages.UseAsync(stage => stage.RunAsync(flow, null, default, null));
        var together = await stages.UseAsync(stage => stage.RunAsync(flow, null, default, alone.End, operators: 2));
        Assert.Equal(alone.End, together.End);
    }

    [Fact]
    public async Task An_operator_with_a_stale_cache_makes_no_second_key()
    {
        await stages.StartAsync();
        await stages.UseAsync(async stage =>
        {
            var create = new Flow("create", _ => Task.CompletedTask, on => on.CreateAsync("one", new ServiceKeySpec { Service = "s3" }));
            var alone = await stage.RunAsync(create, null, default, null);

            // The list that the second operator is served is from before the first one did anything.
            var stale = stage.StaleApi();
            return await Compare(alone.End, await stage.RunAsync(
                create with { Act = async on => { await create.Act(on); await stale.RememberAsync(on.Namespace); } }, null, default, alone.End, successor: stale));
        });
    }

    [Fact]
    public async Task An_operator_that_still_sees_the_deleted_resource_leaves_the_key_of_the_new_one_alone()
    {
        await stages.StartAsync();
        await stages.UseAsync(async stage =>
        {
            var spec = new ServiceKeySpec { Service = "s3", DeletionPolicy = "Delete" };
            var again = new Flow("again", on => on.CreateAsync("one", spec), async on =>
            {
                await on.DeleteAsync("one");
                await on.SettledAsync();
                await on.CreateAsync("one", spec);
            });
            var alone = await stage.RunAsync(again, null, default, null);

            // Its list has the first resource on its way out, under the same name and another uid.
            var stale = stage.StaleApi();
            return await Compare(alone.End, await stage.RunAsync(
                again with
                {
                    Act = async on =>
                    {
                        await on.DeleteAsync("one");
                        await stale.RememberAsync(on.Namespace);
                        await on.SettledAsync();
                        await on.CreateAsync("one", spec);
                    },
                },
                null, default, alone.End, successor: stale));
        });
    }

    [Fact]
    public async Task A_spec_that_changes_there_and_back_ends_where_a_fresh_one_does()
    {
        await stages.StartAsync();
        var pairs = new List<(string A, string B)>();
        Gen.Select(AnyPatch, AnyPatch).Where((a, b) => a != b).Sample((a, b) =>
        {
            lock (pairs)
            {
                if (pairs.Count < Transitions)
                {
                    pairs.Add((a, b));
                }
            }
        }, iter: Transitions, threads: 1);

        await Parallel.ForEachAsync(pairs, new ParallelOptions { MaxDegreeOfParallelism = FaultStages.Count }, async (pair, _) =>
            await stages.UseAsync(async stage =>
            {
                async Task MakeAsync(Stage on)
                {
                    await on.CreateAsync("one", new ServiceKeySpec { Service = "s3", Description = "first", Tags = new Dictionary<string, string> { ["team"] = "x" }, Rotation = new RotationSpec { PeriodDays = 365 } });
                    await on.SettledAsync();
                    await on.PatchAsync("one", pair.A);
                }

                var fresh = await stage.RunAsync(new Flow("a", _ => Task.CompletedTask, MakeAsync), null, default, null);
                var back = await stage.RunAsync(
                    new Flow("a, b, a", _ => Task.CompletedTask, async on =>
                    {
                        await MakeAsync(on);
                        await on.SettledAsync();
                        await on.PatchAsync("one", pair.B);
                        await on.PatchAsync("one", """{"spec":{"policy":{"additionalStatements":[{"Sid":"not a sid"}]}}}""");
                        await on.PatchAsync("one", """{"spec":{"policy":{"additionalStatements":[]}}}""");
                        await on.PatchAsync("one", pair.A);
                    }),
                    null, default, null);
                return await Compare(WithoutGenerations(fresh.End), back with { End = WithoutGenerations(back.End) });
            }));
    }

    private static Gen<string> AnyPatch { get; } =
        from description in Gen.OneOf("one", "two")
        from team in Gen.OneOf("a", "b")
        from alias in Gen.OneOf("alias/a", "alias/b")
        from enabled in Gen.OneOf("true", "false")
        from days in Gen.OneOf("90", "180")
        select "{\"spec\":{\"description\":\"" + description + "\",\"tags\":{\"team\":\"" + team + "\"},\"alias\":\"" + alias
            + "\",\"enabled\":" + enabled + ",\"rotation\":{\"periodDays\":" + days + "}}}";

    private static Task<RunResult> Compare(string expected, RunResult result)
    {
        Assert.Equal(expected, result.End);
        return Task.FromResult(result);
    }

    private static string WithoutGenerations(string end) =>
        string.Join('\n', end.Split('\n').Where(line => !line.Contains("observedGeneration", StringComparison.Ordinal)));
}
