using Amazon.KeyManagementService.Model;
using KmsOperator.UnitTests.Plans;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary><c>spec.primaryRegion</c>: where the primary of a multi-Region key is, and what moves it.</summary>
public sealed class PrimaryMoveTests
{
    private const string Home = "us-east-1";
    private const string Away = "eu-west-1";
    private const string ReconcileAt = "kms.servicekey.dev/reconcile-at";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_move_and_the_way_back_change_which_key_is_the_primary_and_nothing_else()
    {
        using var scenario = await StartAsync();
        var before = await UnchangedAsync(scenario);

        await ApplyAsync(scenario, $"primaryRegion: {Away}");
        AssertPrimary(scenario, Away);
        Assert.Equal(before, await UnchangedAsync(scenario));
        Assert.Contains("its primary is in eu-west-1", scenario.Condition("ServiceKey", "multi", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Contains("the primary now", scenario.Condition("KeyReplica", "multi-eu-west-1", "Ready")!.Value.Message, StringComparison.Ordinal);

        await ApplyAsync(scenario, $"primaryRegion: {Home}");
        AssertPrimary(scenario, Home);
        Assert.Equal(before, await UnchangedAsync(scenario));
        Assert.Equal([(Home, 1), (Away, 1)], await MovesAsync(scenario));
    }

    [Fact]
    public async Task A_key_can_be_made_with_its_primary_in_another_Region()
    {
        using var scenario = await Scenario.StartAsync();

        await ApplyAsync(scenario, $"primaryRegion: {Away}");

        AssertPrimary(scenario, Away);
        Assert.Equal([(Home, 1)], await MovesAsync(scenario));
    }

    [Fact]
    public async Task A_primary_that_a_KeyReplica_sees_moved_is_moved_back_without_waiting_for_the_next_comparison()
    {
        using var scenario = await StartAsync();
        await ApplyAsync(scenario, $"primaryRegion: {Away}");
        AssertPrimary(scenario, Away);
        await MoveByHandAsync(scenario, Away, Home);

        await scenario.AnnotateAsync("KeyReplica", "multi-eu-west-1", ReconcileAt, "now");
        await scenario.RestAsync();

        AssertPrimary(scenario, Away);
    }

    [Fact]
    public async Task The_primary_moves_from_replica_to_replica()
    {
        using var scenario = await StartAsync("replicaRegions: [eu-west-1, us-west-2]");
        await ApplyAsync(scenario, "replicaRegions: [eu-west-1, us-west-2]", $"primaryRegion: {Away}");
        AssertPrimary(scenario, Away, "us-west-2");

        await ApplyAsync(scenario, "replicaRegions: [eu-west-1, us-west-2]", "primaryRegion: us-west-2");

        AssertPrimary(scenario, "us-west-2", Away);
        Assert.Equal([(Home, 1), (Away, 1)], await MovesAsync(scenario));
    }

    [Fact]
    public async Task After_a_move_rotation_and_new_replicas_are_sent_to_the_present_primary()
    {
        using var scenario = await StartAsync();
        await ApplyAsync(scenario, $"primaryRegion: {Away}");

        await ApplyAsync(scenario, "replicaRegions: [eu-west-1, us-west-2]", $"primaryRegion: {Away}", "rotation: {periodDays: 100}");
        await scenario.AnnotateAsync("ServiceKey", "multi", "kms.servicekey.dev/rotate-at", "now");
        await scenario.RestAsync();

        AssertPrimary(scenario, Away, "us-west-2");
        var sent = (await scenario.Aws.WritesAsync()).Where(write => write.Region == Away).Select(write => write.Operation).ToArray();
        Assert.All((string[])["EnableKeyRotation", "RotateKeyOnDemand", "ReplicateKey"], operation => Assert.Single(sent, operation));
        Assert.Equal(100, (int?)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "multi"))["status"]!["rotation"]!["periodDays"]);
        Assert.Equal(1, await scenario.CallsAsync("RotateKeyOnDemand"));
        Assert.Equal("now", scenario.Status("ServiceKey", "multi", "lastHandledRotateAt"));
    }

    [Fact]
    public async Task A_key_whose_primary_is_no_KeyReplica_s_is_rotated_where_the_primary_is_and_not_here()
    {
        using var scenario = await StartAsync("replicaRegions: []");
        await scenario.Aws.Kms(Home).ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = KeyId(scenario), ReplicaRegion = Away }, Ct);
        await scenario.RestAsync();
        await MoveByHandAsync(scenario, Home, Away);
        await scenario.RestAsync();

        await scenario.AnnotateAsync("ServiceKey", "multi", "kms.servicekey.dev/rotate-at", "now");
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "multi", "InvalidSpec");
        Assert.Contains("which no KeyReplica of this resource has; rotate it there", scenario.Condition("ServiceKey", "multi", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Equal(0, await scenario.CallsAsync("RotateKeyOnDemand"));
    }

    [Fact]
    public async Task A_rotation_that_waits_for_a_KeyReplica_by_ARN_says_how_to_move_the_primary_back()
    {
        using var scenario = await StartAsync("replicaRegions: []");
        await scenario.ApplyAsync(Scenario.Replica("copy", $"primaryKeyArn: \"{scenario.Status("ServiceKey", "multi", "arn")}\"", "className: standard", $"region: {Away}", "alias: alias/copy"));
        await scenario.RestAsync();
        await MoveByHandAsync(scenario, Home, Away);

        await ApplyAsync(scenario, "replicaRegions: []", "rotation: {periodDays: 200}");
        var message = scenario.Condition("ServiceKey", "multi", "Ready")!.Value.Message;
        Assert.Contains($"aws kms update-primary-region --region {Away} --key-id {KeyId(scenario)} --primary-region {Home}.", message, StringComparison.Ordinal);

        await MoveByHandAsync(scenario, Away, Home);
        await scenario.AnnotateAsync("ServiceKey", "multi", ReconcileAt, "now");
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "multi");
    }

    // what is done by hand, the spec's primaryRegion; where the primary is in the end
    public static TheoryData<string?, string, string> ByHand => new()
    {
        { null, Away, "nobody moves it back where the spec says nothing" },
        { Home, Home, "it is moved back to what the spec says" },
        { Away, Away, "the spec asks for what was done" },
    };

    [Theory]
    [MemberData(nameof(ByHand))]
    public async Task A_primary_that_somebody_moves_is_told_truly_and_moved_only_to_what_the_spec_says(string? wanted, string expected, string why)
    {
        using var scenario = await StartAsync();
        await ApplyAsync(scenario, wanted == Home ? [$"primaryRegion: {Home}"] : []);
        await MoveByHandAsync(scenario, Home, Away);

        if (wanted == Away)
            await ApplyAsync(scenario, $"primaryRegion: {Away}");
        await scenario.AnnotateAsync("ServiceKey", "multi", ReconcileAt, "now");
        await scenario.RestAsync();

        AssertPrimary(scenario, expected);
        Assert.True(scenario.Events("multi").Any(note => note.Contains("The primary of", StringComparison.Ordinal)), why);
    }

    [Theory]
    [InlineData("Delete", "a key is deleted with its Region")]
    [InlineData("Retain", "a key is let go with its Region")]
    public async Task A_Region_that_leaves_the_list_keeps_its_key_while_that_is_the_primary(string policy, string why)
    {
        using var scenario = await StartAsync($"deletionPolicy: {policy}");
        await MoveByHandAsync(scenario, Home, Away);

        await ApplyAsync(scenario, "replicaRegions: []", $"deletionPolicy: {policy}");
        scenario.AssertStalled("ServiceKey", "multi", "ReplicaConflict");
        Assert.True(scenario.User.Find("KeyReplica", Scenario.Id("KeyReplica", "multi-eu-west-1")) is not null, why);
        Assert.All(await scenario.Aws.KeysAsync(), key => Assert.Equal("Enabled", (string?)key["keyState"]));

        await ApplyAsync(scenario, "replicaRegions: []", $"primaryRegion: {Home}", $"deletionPolicy: {policy}");
        scenario.AssertReady("ServiceKey", "multi");
        Assert.Null(scenario.User.Find("KeyReplica", Scenario.Id("KeyReplica", "multi-eu-west-1")));
        Assert.Equal(policy == "Delete" ? "PendingDeletion" : "Enabled", (await StatesAsync(scenario))[Away]);
        Assert.Equal("Enabled", (await StatesAsync(scenario))[Home]);
    }

    [Fact]
    public async Task A_KeyReplica_that_has_the_primary_waits_with_its_deletion_until_that_has_moved()
    {
        using var scenario = await StartAsync("deletionPolicy: Delete");
        await MoveByHandAsync(scenario, Home, Away);

        await scenario.DeleteAsync("KeyReplica", "multi-eu-west-1");
        await scenario.RestAsync();
        Assert.Equal("ReplicaConflict", scenario.Condition("KeyReplica", "multi-eu-west-1", "Ready")?.Reason);
        Assert.Equal("Enabled", (await StatesAsync(scenario))[Away]);

        await ApplyAsync(scenario, "replicaRegions: []", $"primaryRegion: {Home}", "deletionPolicy: Delete");
        await scenario.RestAsync();
        Assert.Equal(("Enabled", "PendingDeletion"), ((await StatesAsync(scenario))[Home], (await StatesAsync(scenario))[Away]));
        scenario.AssertReady("ServiceKey", "multi");
    }

    [Theory]
    [InlineData("spec", "the move is in the spec")]
    [InlineData("hand", "nobody has seen the move yet")]
    public async Task Deleting_the_ServiceKey_after_a_move_takes_the_primary_last(string by, string why)
    {
        using var scenario = await StartAsync("deletionPolicy: Delete", "replicaRegions: [eu-west-1, us-west-2]");
        if (by == "spec")
            await ApplyAsync(scenario, "deletionPolicy: Delete", "replicaRegions: [eu-west-1, us-west-2]", $"primaryRegion: {Away}");
        else
            await MoveByHandAsync(scenario, Home, Away);

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.RestAsync();

        Assert.True(scenario.User.List("ServiceKey").Count + scenario.User.List("KeyReplica").Count == 0, why);
        var scheduled = (await scenario.Aws.WritesAsync()).Where(write => write.Operation == "ScheduleKeyDeletion").Select(write => write.Region).ToArray();
        Assert.Equal(3, scheduled.Length);
        Assert.Equal(Away, scheduled[^1]);
        var states = await StatesAsync(scenario);
        Assert.Equal(("PendingDeletion", "PendingReplicaDeletion", "PendingDeletion"), (states[Home], states[Away], states["us-west-2"]));
    }

    [Fact]
    public async Task A_primary_with_a_replica_of_somebody_elses_is_not_scheduled_for_deletion()
    {
        using var scenario = await StartAsync("deletionPolicy: Delete");
        await scenario.Aws.Kms().ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = KeyId(scenario), ReplicaRegion = "us-west-2" }, Ct);

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "multi", "ReplicasRemain");
        Assert.Contains("us-west-2", scenario.Condition("ServiceKey", "multi", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Equal("Enabled", (await StatesAsync(scenario))[Home]);
    }

    [Fact]
    public async Task A_primary_with_a_replica_of_somebody_elses_is_retained_when_its_namespace_is_deleted()
    {
        using var scenario = await StartAsync("deletionPolicy: Delete");
        await scenario.Aws.Kms().ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = KeyId(scenario), ReplicaRegion = "us-west-2" }, Ct);

        scenario.User.Delete("Namespace", new("", Scenario.Namespace));
        scenario.Operator.Server.FinalizeNamespaces();
        await scenario.RestAsync();
        scenario.Operator.Server.CollectGarbage();
        await scenario.RestAsync();

        Assert.True(scenario.Operator.Server.FinalizeNamespaces());
        Assert.Equal("Enabled", (await StatesAsync(scenario))[Home]);
    }

    [Fact]
    public async Task A_replica_that_KMS_names_and_that_may_not_be_looked_at_keeps_its_primary()
    {
        using var scenario = await StartAsync("deletionPolicy: Delete");
        await scenario.Aws.Kms().ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = KeyId(scenario), ReplicaRegion = "us-west-2" }, Ct);
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "DescribeKey", "kind": "accessDenied", "region": "us-west-2", "count": 100000}""");

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.RestAsync();

        Assert.Equal("AccessDenied", scenario.Condition("ServiceKey", "multi", "Ready")?.Reason);
        Assert.Equal("Enabled", (await StatesAsync(scenario))[Home]);
    }

    // fields of the ServiceKey; reason, part of the message; why
    public static TheoryData<string[], string, string, string> Mistakes => new()
    {
        { ["primaryRegion: us-west-2"], "InvalidSpec", "spec.primaryRegion: us-west-2 is neither in spec.replicaRegions nor the Region of KeyClass standard", "nobody keeps a key there" },
        { [$"primaryRegion: {Away}", "replicaRegions: []"], "InvalidSpec", "spec.primaryRegion", "the Region has left the list" },
        { [$"primaryRegion: {Away}", "enabled: false"], "InvalidSpec", "spec.enabled", "KMS moves no disabled primary" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_primaryRegion_that_cannot_be_is_told_and_nothing_moves(string[] fields, string reason, string message, string why)
    {
        using var scenario = await StartAsync();

        await ApplyAsync(scenario, fields);

        scenario.AssertStalled("ServiceKey", "multi", reason);
        Assert.True(scenario.Condition("ServiceKey", "multi", "Ready")!.Value.Message.Contains(message, StringComparison.Ordinal), why);
        Assert.Equal(0, await scenario.CallsAsync("UpdatePrimaryRegion"));
        Assert.All(await scenario.Aws.KeysAsync(), key => Assert.NotEqual("PendingDeletion", (string?)key["keyState"]));
    }

    [Theory]
    [InlineData("suspend", "nothing is written to a suspended resource's key")]
    [InlineData("observe", "nothing is written to a key that is only observed")]
    [InlineData("deletion", "a key that is about to go becomes no primary")]
    [InlineData("disabled", "only an enabled key becomes the primary")]
    [InlineData("servicekey.dev/owner=KeyReplica/other/x", "the key there is somebody else's")]
    [InlineData("servicekey.dev/cluster=other", "a resource of that name in another cluster has the key there")]
    public async Task The_primary_does_not_move_to_a_key_that_must_not_be_written(string obstacle, string why)
    {
        using var scenario = await StartAsync();
        if (obstacle == "suspend")
            await scenario.ApplyAsync(Scenario.Replica("multi-eu-west-1", "primaryRef: {name: multi}", "region: eu-west-1", "suspend: true"));
        else if (obstacle == "observe")
            await scenario.ApplyAsync(Scenario.Replica("multi-eu-west-1", "primaryRef: {name: multi}", "region: eu-west-1", "managementPolicy: Observe"));
        else if (obstacle == "deletion")
        {
            // Somebody else's finalizer keeps it while it is being deleted.
            scenario.User.Patch("KeyReplica", Scenario.Id("KeyReplica", "multi-eu-west-1"), """{"metadata": {"finalizers": ["kms.servicekey.dev/key", "example.com/hold"]}}""");
            scenario.User.Delete("KeyReplica", Scenario.Id("KeyReplica", "multi-eu-west-1"));
            await scenario.Operator.SettleAsync();
        }
        else if (obstacle == "disabled")
            await scenario.ApplyAsync(Scenario.Replica("multi-eu-west-1", "primaryRef: {name: multi}", "region: eu-west-1", "enabled: false"));
        else
            await scenario.Aws.Kms(Away).TagResourceAsync(new TagResourceRequest { KeyId = KeyId(scenario), Tags = [new Tag { TagKey = obstacle.Split('=')[0], TagValue = obstacle.Split('=')[1] }] }, Ct);

        await ApplyAsync(scenario, $"primaryRegion: {Away}");

        Assert.True(scenario.Condition("ServiceKey", "multi", "Ready") is { Status: "False" } ready && ready.Message.Contains("spec.primaryRegion", StringComparison.Ordinal), why);
        Assert.Equal(0, await scenario.CallsAsync("UpdatePrimaryRegion"));
    }

    // where the primary is, what somebody does to the ServiceKey when the operator looks at it for the last time; why nothing moves
    public static TheoryData<string, string?, string> LateChanges => new()
    {
        { Home, """{"spec": {"primaryRegion": null}}""", "the wish was taken back" },
        { Home, """{"spec": {"suspend": true}}""", "a suspended resource's keys stay as they are" },
        { Away, """{"spec": {"primaryRegion": null}}""", "the wish was taken back" },
        { Away, """{"spec": {"suspend": true}}""", "a suspended resource's keys stay as they are" },
        { Away, null, "the ServiceKey is being deleted, and what happens to its keys is decided by that" },
    };

    [Theory]
    [MemberData(nameof(LateChanges))]
    public async Task A_move_is_decided_on_what_the_ServiceKey_says_at_that_time(string from, string? patch, string why)
    {
        using var scenario = await StartAsync();
        if (from == Away)
            await ApplyAsync(scenario, $"primaryRegion: {Away}");
        var moves = await scenario.CallsAsync("UpdatePrimaryRegion");
        var isChanged = false;
        scenario.Operator.Connection.Before = (request, _) =>
        {
            if (request is not { Verb: "get", Plural: "servicekeys" } || isChanged)
                return Task.CompletedTask;
            isChanged = true;
            if (patch is null)
                scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "multi"));
            else
                scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "multi"), patch);
            return Task.CompletedTask;
        };

        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "multi"), $$$"""{"spec": {"primaryRegion": "{{{(from == Home ? Away : Home)}}}"}}""");
        await scenario.RestAsync();

        Assert.True(isChanged);
        Assert.True(await scenario.CallsAsync("UpdatePrimaryRegion") == moves, why);
    }

    [Fact]
    public async Task A_suspended_ServiceKey_moves_nothing_and_moves_when_it_goes_on()
    {
        using var scenario = await StartAsync();

        await ApplyAsync(scenario, $"primaryRegion: {Away}", "suspend: true");
        Assert.Equal(0, await scenario.CallsAsync("UpdatePrimaryRegion"));

        await ApplyAsync(scenario, $"primaryRegion: {Away}");
        AssertPrimary(scenario, Away);
    }

    [Fact]
    public async Task With_Observe_the_plan_has_the_move_and_nothing_moves()
    {
        using var scenario = await StartAsync();

        await ApplyAsync(scenario, $"primaryRegion: {Away}", "managementPolicy: Observe");

        Assert.Equal("UpdatePrimaryRegion", (string?)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "multi"))["status"]!["plan"]![0]!["operation"]);
        Assert.Equal(0, await scenario.CallsAsync("UpdatePrimaryRegion"));
    }

    [Theory]
    [InlineData("accessDenied", "AccessDenied")]
    [InlineData("throttle", "Throttled")]
    [InlineData("dropAfter", null)]
    public async Task A_refused_or_lost_move_is_told_and_done_once(string fault, string? reason)
    {
        using var scenario = await StartAsync();
        if (reason is null)
            await scenario.Aws.PostAsync("/_sim/faults", $$"""{"operation": "UpdatePrimaryRegion", "kind": "{{fault}}"}""");
        else
            await scenario.BreakAsync("UpdatePrimaryRegion", fault);

        await ApplyAsync(scenario, $"primaryRegion: {Away}");
        if (reason is not null)
            Assert.Equal(reason, scenario.Condition("ServiceKey", "multi", "Ready")?.Reason);

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        AssertPrimary(scenario, Away);
    }

    [Fact]
    public async Task A_status_that_is_lost_after_a_move_finds_its_key_by_the_tags_and_makes_no_other()
    {
        using var scenario = await StartAsync();
        await ApplyAsync(scenario, $"primaryRegion: {Away}");

        foreach (var (kind, name) in (ReadOnlySpan<(string, string)>)[("ServiceKey", "multi"), ("KeyReplica", "multi-eu-west-1")])
            scenario.User.Patch(kind, Scenario.Id(kind, name), "{status: null}", "status");
        scenario.Operator.CrashAndRestart();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        AssertPrimary(scenario, Away);
        Assert.Equal(2, (await scenario.Aws.KeysAsync()).Count);
    }

    [Fact]
    public async Task A_replica_that_was_the_ServiceKeys_key_and_is_gone_is_not_replaced_by_another_key()
    {
        using var scenario = await StartAsync("recreateLostKey: true");
        await ApplyAsync(scenario, $"primaryRegion: {Away}", "recreateLostKey: true");
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = KeyId(scenario), PendingWindowInDays = 7 }, Ct);

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        await scenario.Operator.PauseAsync(TimeSpan.FromDays(7) - TimeSpan.FromHours(2));
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(3));

        scenario.AssertStalled("ServiceKey", "multi", "KeyNotFound");
        Assert.Contains("its primary in eu-west-1", scenario.Condition("ServiceKey", "multi", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Equal(1, await scenario.CallsAsync("CreateKey"));
    }

    [Fact]
    public async Task A_KeyReplica_by_ARN_stays_ready_when_the_primary_moves()
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { MultiRegion = true }, Ct)).KeyMetadata;
        await scenario.ApplyAsync(Scenario.Replica("copy", $"primaryKeyArn: \"{key.Arn}\"", "className: standard", "region: eu-west-1", "alias: alias/copy", "deletionPolicy: Delete"));
        await scenario.RestAsync();
        await MoveByHandAsync(scenario, key.KeyId, Home, Away);

        await scenario.AnnotateAsync("KeyReplica", "copy", ReconcileAt, "now");
        await scenario.RestAsync();
        scenario.AssertReady("KeyReplica", "copy");
        Assert.Equal(("PRIMARY", Away), (scenario.Status("KeyReplica", "copy", "multiRegionKeyType"), scenario.Status("KeyReplica", "copy", "primaryRegion")));

        await scenario.DeleteAsync("KeyReplica", "copy");
        await scenario.RestAsync();
        Assert.Equal("ReplicaConflict", scenario.Condition("KeyReplica", "copy", "Ready")?.Reason);
        Assert.Equal("Enabled", (await StatesAsync(scenario))[Away]);
    }

    private static async Task<Scenario> StartAsync(params string[] fields)
    {
        var scenario = await Scenario.StartAsync();
        await ApplyAsync(scenario, fields);
        scenario.AssertReady("ServiceKey", "multi");
        return scenario;
    }

    private static async Task ApplyAsync(Scenario scenario, params string[] fields)
    {
        string[] regions = fields.Any(field => field.StartsWith("replicaRegions", StringComparison.Ordinal)) ? [] : ["replicaRegions: [eu-west-1]"];
        await scenario.ApplyAsync(Scenario.Key("multi", ["service: ebs", "multiRegion: true", .. regions, .. fields]));
        await scenario.RestAsync();
    }

    private static string KeyId(Scenario scenario) => scenario.Status("ServiceKey", "multi", "keyId")!;

    private static Task MoveByHandAsync(Scenario scenario, string from, string to) => MoveByHandAsync(scenario, KeyId(scenario), from, to);

    private static async Task MoveByHandAsync(Scenario scenario, string keyId, string from, string to)
    {
        await scenario.Aws.Kms(from).UpdatePrimaryRegionAsync(new UpdatePrimaryRegionRequest { KeyId = keyId, PrimaryRegion = to }, Ct);
        await scenario.Operator.SettleAsync();
    }

    /// <summary>Holds that every resource is Ready, and says of the primary what is.</summary>
    private static void AssertPrimary(Scenario scenario, string region, params string[] others)
    {
        scenario.AssertReady("ServiceKey", "multi");
        Assert.Equal((region == Home ? "PRIMARY" : "REPLICA", region), RoleOf("ServiceKey", "multi"));
        foreach (var replica in (string[])[region == Home ? Away : region, .. others])
        {
            scenario.AssertReady("KeyReplica", $"multi-{replica}");
            Assert.Equal((region == replica ? "PRIMARY" : "REPLICA", region), RoleOf("KeyReplica", $"multi-{replica}"));
            Assert.Equal(region == replica, scenario.User.Get("KeyReplica", Scenario.Id("KeyReplica", $"multi-{replica}"))["status"]!["rotation"] is not null);
        }

        Assert.NotNull(scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "multi"))["status"]!["rotation"]!["nextRotationDate"]);

        (string?, string?) RoleOf(string kind, string name) => (scenario.Status(kind, name, "multiRegionKeyType"), scenario.Status(kind, name, "primaryRegion"));
    }

    /// <summary>What a move leaves as it is, as one text.</summary>
    private static async Task<string> UnchangedAsync(Scenario scenario) => string.Join('\n', (await scenario.Aws.KeysAsync())
        .OrderBy(key => (string?)key["region"], StringComparer.Ordinal)
        .Select(key => $"{key["arn"]} {key["keyState"]} {key["description"]} {key["aliases"]!.ToJsonString()} {key["tags"]!.ToJsonString()} {key["policy"]}"));

    private static async Task<Dictionary<string, string>> StatesAsync(Scenario scenario) =>
        (await scenario.Aws.KeysAsync()).ToDictionary(key => (string)key["region"]!, key => (string)key["keyState"]!);

    /// <summary>How often the primary was moved away from which Region, in the order of the first moves.</summary>
    private static async Task<(string Region, int Count)[]> MovesAsync(Scenario scenario) =>
    [
        .. (await scenario.Aws.WritesAsync()).Where(write => write.Operation == "UpdatePrimaryRegion")
            .GroupBy(write => write.Region).Select(moves => (moves.Key, moves.Count())),
    ];
}
