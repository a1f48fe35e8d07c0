using Amazon.KeyManagementService.Model;
using KmsOperator.Kubernetes;
using KmsOperator.Sharding;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Sharding;

/// <summary>Three operators that share the work: whatever happens to one of them, every resource gets exactly one key, and none is forgotten.</summary>
public sealed class ShardScenarioTests
{
    private const int Shards = 8;

    // A lease is 15 seconds, and is looked at every 2 to 2.4 seconds.
    private const int LeasePeriod = 20;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_operators_hold_all_shards_in_equal_parts_and_make_one_key_for_each_resource()
    {
        using var world = new ShardedOperators(Shards, operators: 3);
        AddKeys(world, 1, 24);
        await world.SettleAsync();

        Assert.Equal([2, 3, 3], world.Held(world.Names).Order());
        Assert.Equal(Enumerable.Range(0, Shards), world.Covered(world.Names));
        await world.AssertOneKeyEachAsync();
    }

    [Fact]
    public async Task The_shards_of_an_operator_that_is_killed_are_taken_over_within_one_lease_and_the_others_go_on_meanwhile()
    {
        using var world = new ShardedOperators(Shards, operators: 3);
        AddKeys(world, 1, 12);
        await world.SettleAsync();
        var rest = world.Names.Skip(1).ToList();
        var before = world.Covered(rest);

        world.Operators.KillOne(world.Names[0]);
        AddKeys(world, 13, 36);
        await world.SettleAsync(3);
        Assert.Equal(before, world.Covered(rest));
        var ready = world.Resources().Count(ShardedOperators.IsReady);
        Assert.InRange(ready, 13, 35);

        await world.SettleAsync(LeasePeriod);
        Assert.Equal(Enumerable.Range(0, Shards), world.Covered(rest));
        await world.SettleAsync();
        Assert.Equal([4, 4], world.Held(rest));
        await world.AssertOneKeyEachAsync();
    }

    [Fact]
    public async Task An_operator_that_stands_still_loses_its_shards_and_gets_others_when_it_goes_on()
    {
        using var world = new ShardedOperators(Shards, operators: 3);
        AddKeys(world, 1, 12);
        await world.SettleAsync();
        var rest = world.Names.Skip(1).ToList();

        AddKeys(world, 13, 24);
        world.Operators.StandStill(world.Names[0]);
        await world.SettleAsync();
        Assert.Equal(Enumerable.Range(0, Shards), world.Covered(rest));
        AddKeys(world, 25, 36);
        world.Operators.GoOn(world.Names[0]);
        await world.SettleAsync();

        Assert.Equal([2, 3, 3], world.Held(world.Names).Order());
        Assert.Equal(Enumerable.Range(0, Shards), world.Covered(world.Names));
        await world.RestAsync();
        await world.AssertOneKeyEachAsync();
    }

    [Fact]
    public async Task An_operator_that_ends_gives_its_shards_back_at_once()
    {
        using var world = new ShardedOperators(Shards, operators: 2);
        AddKeys(world, 1, 12);
        await world.SettleAsync();
        AddKeys(world, 13, 24);

        await world.Operators.StopAsync(world.Names[0]);

        Assert.Equal([Shards], world.Held(world.Names.Skip(1)));
        await world.AssertOneKeyEachAsync();
    }

    [Fact]
    public async Task Shards_that_move_to_operators_that_come_later_lose_nothing_although_keys_are_being_created()
    {
        using var world = new ShardedOperators(Shards, operators: 1);
        AddKeys(world, 1, 12);
        await world.SettleAsync(6);
        for (var round = 0; round < 12; round++)
        {
            if (round is 2 or 4)
                world.Start();
            AddKeys(world, 13 + (round * 6), 18 + (round * 6));
            await world.SettleAsync(1);
        }
        await world.SettleAsync();

        Assert.Equal([2, 3, 3], world.Held(["operator-2", "operator-3", "operator-4"]).Order());
        await world.AssertOneKeyEachAsync();
    }

    [Fact]
    public async Task An_operator_that_loses_one_lease_to_somebody_else_goes_on_with_its_other_shards_and_gets_that_one_back()
    {
        using var world = new ShardedOperators(Shards, operators: 1);
        AddKeys(world, 1, 12);
        await world.SettleAsync();

        world.StealLease(3);
        await world.SettleAsync(3);
        AddKeys(world, 13, 36);
        await world.SettleAsync(5);
        Assert.Equal([0, 1, 2, 4, 5, 6, 7], world.Covered(world.Names));
        Assert.InRange(world.Resources().Count(ShardedOperators.IsReady), 13, 35);
        await world.SettleAsync();

        Assert.Equal(Enumerable.Range(0, Shards), world.Covered(world.Names));
        await world.AssertOneKeyEachAsync();
    }

    [Theory]
    [InlineData(8, 4, "fewer shards")]
    [InlineData(2, 8, "more shards")]
    [InlineData(1, 8, "the first shards at all")]
    [InlineData(8, 1, "no shards any more")]
    public async Task Operators_of_another_number_of_shards_work_only_when_those_before_them_are_gone(int before, int after, string change)
    {
        using var world = new ShardedOperators(before, operators: 2);
        AddKeys(world, 1, 12);
        await world.SettleAsync();
        string[] next = [world.Start(after), world.Start(after)];
        AddKeys(world, 13, 24);
        await world.SettleAsync();
        Assert.All(next, name => Assert.Empty(world.Operators.ShardsOf(name)));
        Assert.Equal(24, world.Resources().Count(ShardedOperators.IsReady));

        world.Operators.KillOne(world.Names[0]);
        await world.Operators.StopAsync(world.Names[1]);
        AddKeys(world, 25, 36);
        await world.SettleAsync();

        Assert.True(after == 1 || world.Covered(next).SequenceEqual(Enumerable.Range(0, after)), change);
        await world.AssertOneKeyEachAsync();
    }

    public static TheoryData<string, string> Moments => new()
    {
        { "before", "the attempt is on record, and nothing was sent" },
        { "after", "KMS has made the key, and the operator does not know it" },
    };

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task An_operator_that_stands_still_in_the_middle_of_a_creation_leaves_one_key(string moment, string why)
    {
        using var world = new ShardedOperators(Shards, operators: 2);
        var pause = new PauseInCreation(world.Operators.Clock);
        var third = moment == "before" ? world.Start(api: pause.After) : world.Start(aws: pause.After);
        AddKeys(world, 1, 12);
        await world.SettleAsync();
        pause.Begins = () => world.Operators.StandStill(third);

        AddKeys(world, 13, 36);
        await world.SettleAsync();
        Assert.True(pause.HasBegun, why);
        Assert.Empty(world.Covered([third]).Except(Enumerable.Range(0, Shards)));
        world.Operators.GoOn(third);
        await world.RestAsync();

        await world.AssertOneKeyEachAsync();
    }

    [Fact]
    public async Task Replicas_in_other_Regions_are_made_and_the_primary_moves_and_is_rotated_although_other_operators_have_their_shards()
    {
        using var world = new ShardedOperators(Shards, operators: 3);
        var classes = world.AddClasses();
        world.AddKey("one", "us-east-1", "service: s3", "multiRegion: true", "replicaRegions: [eu-west-1, eu-central-1, ap-southeast-1]");
        await world.RestAsync();
        Assert.Equal(4, world.Resources().Count());
        await world.AssertOneKeyEachAsync();
        Assert.True(classes.Take(4).Select(region => new ShardMap(Shards).OfPlace(SimulatedAws.AccountId, region)).Distinct().Count() > 1);

        world.AddKey("one", "us-east-1", "service: s3", "multiRegion: true", "replicaRegions: [eu-west-1, eu-central-1, ap-southeast-1]", "primaryRegion: eu-west-1");
        await world.RestAsync();
        await world.AssertOneKeyEachAsync();
        world.Operators.User.Annotate("ServiceKey", new(ShardedOperators.Namespace, "one"), "kms.servicekey.dev/rotate-at", "now");
        await world.RestAsync();

        await world.AssertOneKeyEachAsync();
        var status = world.Operators.User.Get("ServiceKey", new(ShardedOperators.Namespace, "one"))["status"]!;
        Assert.Equal(("eu-west-1", "now"), ((string?)status["primaryRegion"], (string?)status["lastHandledRotateAt"]));
        Assert.Equal(1, (await world.Operators.Aws.CallsAsync())["RotateKeyOnDemand"]);
    }

    [Fact]
    public async Task What_somebody_else_changes_is_put_right_within_seconds_whichever_operator_reads_the_event()
    {
        using var world = new ShardedOperators(Shards, operators: 3, new OperatorTestOptions { EventQueues = ["https://sqs.us-east-1.amazonaws.com/123456789012/kms-events"] });
        var queue = (await world.Operators.Aws.Sqs().CreateQueueAsync("kms-events", Ct)).QueueUrl;
        await world.Operators.Aws.PostAsync("/_sim/events", """{"queueArn": "arn:aws:sqs:us-east-1:123456789012:kms-events"}""");
        AddKeys(world, 1, 12);
        await world.RestAsync();

        foreach (var key in await world.Operators.Aws.KeysAsync())
        {
            var somebody = await world.Operators.Aws.KmsAsAsync("arn:aws:iam::123456789012:role/Admin", ((string)key["arn"]!).Split(':')[3]);
            await somebody.DisableKeyAsync(new DisableKeyRequest { KeyId = (string)key["keyId"]! }, Ct);
        }
        await world.SettleAsync(5);

        Assert.Equal(12, (await world.Operators.Aws.CallsAsync())["EnableKey"]);
        Assert.All(await world.Operators.Aws.KeysAsync(), key => Assert.Equal("Enabled", (string?)key["keyState"]));
        var passedOn = world.Resources().Count(resource => resource["metadata"]?["annotations"]?["kms.servicekey.dev/reconcile-at"] is not null);
        Assert.InRange(passedOn, 1, 11);
        await world.RestAsync();
        Assert.Equal("0", (await world.Operators.Aws.Sqs().GetQueueAttributesAsync(queue, ["All"], Ct)).Attributes["ApproximateNumberOfMessages"]);
        await world.AssertOneKeyEachAsync();
    }

    [Fact]
    public async Task A_key_whose_resource_lost_its_status_and_is_deleted_goes_also_with_an_operator_that_has_not_asked_STS_for_the_account()
    {
        using var world = new ShardedOperators(Shards, operators: 1);
        world.AddClasses();
        world.AddKey("one", "us-east-1", "service: s3", "deletionPolicy: Delete");
        await world.SettleAsync();
        world.Operators.Kill();
        var key = new NamespacedName(ShardedOperators.Namespace, "one");
        var status = world.Operators.User.Get("ServiceKey", key)["status"]!.AsObject();
        world.Operators.User.Patch("ServiceKey", key, $$"""{"status": { {{string.Join(", ", status.Select(field => $"\"{field.Key}\": null"))}} } }""", "status");
        world.Operators.User.Delete("ServiceKey", key);

        world.Start();
        await world.RestAsync();

        Assert.Null(world.Operators.User.Find("ServiceKey", key));
        Assert.Equal("PendingDeletion", (string?)(await world.Operators.Aws.KeyAsync())["keyState"]);
        Assert.NotEqual(new ShardMap(Shards).OfClass("us-east-1"), new ShardMap(Shards).OfPlace(SimulatedAws.AccountId, "us-east-1"));
    }

    [Fact]
    public async Task A_resource_whose_class_moves_to_another_shard_before_there_is_a_key_gets_its_key_there()
    {
        using var world = new ShardedOperators(Shards, operators: 3);
        world.AddClasses();
        world.AddClass("moving", "us-east-1", "account: {id: \"999999999999\"}");
        world.AddKey("one", "moving", "service: s3");
        world.AddKey("two", "later", "service: s3");
        await world.SettleAsync();
        Assert.Empty(await world.Operators.Aws.KeysAsync());

        world.AddClass("moving", "eu-west-1");
        world.AddClass("later", "eu-central-1");
        await world.RestAsync();

        await world.AssertOneKeyEachAsync();
        Assert.NotEqual(new ShardMap(Shards).OfPlace("999999999999", "us-east-1"), new ShardMap(Shards).OfPlace(SimulatedAws.AccountId, "eu-west-1"));
    }

    private static void AddKeys(ShardedOperators world, int first, int last)
    {
        var classes = world.AddClasses();
        for (var number = first; number <= last; number++)
            world.AddKey($"key-{number}", classes[number % classes.Count], "service: s3");
    }
}
