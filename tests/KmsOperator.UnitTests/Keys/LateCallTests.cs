using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>A call that a process sent just before it was killed, and that arrives when the next process has looked at the key.</summary>
public sealed class LateCallTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("CreateGrant", "grants: [{name: late, granteePrincipal: Other, operations: [Decrypt]}]")]
    [InlineData("CreateAlias", "alias: alias/late")]
    [InlineData("CreateAlias", "additionalAliases: [alias/late]")]
    public async Task What_a_killed_process_was_about_to_make_is_removed_also_where_it_comes_late(string operation, string field)
    {
        var late = new LateCall(operation);
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = late.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await KillInCallAsync(scenario, late, () => scenario.ApplyAsync(Scenario.Key("one", "service: s3", field)));
        scenario.User.Apply(Scenario.Key("one", "service: s3"), Scenario.Namespace);

        await ArriveAfterNextComparisonAsync(scenario, late);

        Assert.Empty((await scenario.Aws.Kms().ListGrantsAsync(new ListGrantsRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId") }, Ct)).Grants ?? []);
        Assert.DoesNotContain((await scenario.Aws.Kms().ListAliasesAsync(new ListAliasesRequest(), Ct)).Aliases, alias => alias.AliasName == "alias/late");
        Assert.Equal("True", scenario.Condition("ServiceKey", "one", "Ready")?.Status);
    }

    [Fact]
    public async Task A_grant_that_the_process_before_the_last_one_was_about_to_make_is_revoked_also_where_it_comes_late()
    {
        var late = new LateCall("CreateGrant");
        var revoked = new LateCall("RevokeGrant");
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = aws => late.Before(revoked.Before(aws)) });
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        // The second process makes the grant, and is killed while it revokes it. The third one does not know of the first.
        await KillInCallAsync(scenario, late, () => scenario.ApplyAsync(Scenario.Key("one", "service: s3", "grants: [{name: late, granteePrincipal: Other, operations: [Decrypt]}]")));
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("True", scenario.Condition("ServiceKey", "one", "Ready")?.Status);
        await KillInCallAsync(scenario, revoked, () => scenario.ApplyAsync(Scenario.Key("one", "service: s3")));

        await ArriveAfterNextComparisonAsync(scenario, late);

        Assert.Empty((await scenario.Aws.Kms().ListGrantsAsync(new ListGrantsRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId") }, Ct)).Grants ?? []);
        Assert.Equal("True", scenario.Condition("ServiceKey", "one", "Ready")?.Status);
    }

    [Theory]
    [InlineData("CreateGrant", "grants: [{name: late, granteePrincipal: Other, operations: [Decrypt]}]")]
    [InlineData("CreateAlias", "alias: alias/late")]
    public async Task A_deleted_resource_stays_while_a_call_of_a_killed_process_may_still_arrive(string operation, string field)
    {
        var late = new LateCall(operation);
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = late.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "deletionPolicy: Retain"));
        await scenario.RestAsync();
        await KillInCallAsync(scenario, late, () => scenario.ApplyAsync(Scenario.Key("one", "service: s3", "deletionPolicy: Retain", field)));
        await scenario.DeleteAsync("ServiceKey", "one");

        Assert.Contains("may still arrive", scenario.Condition("ServiceKey", "one", "Ready")?.Message, StringComparison.Ordinal);
        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
    }

    [Theory]
    [InlineData(false, "the process knows that its call got no answer")]
    [InlineData(true, "a process that was killed may have sent such a call")]
    public async Task An_alias_is_not_given_to_the_next_key_while_a_call_that_takes_it_away_may_still_arrive(bool restarts, string why)
    {
        var late = new LateCall("DeleteAlias");
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = late.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/wanted"));
        await scenario.RestAsync();
        late.IsWaited = true;
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/other"));
        Assert.True(late.IsHeld);
        late.IsWaited = false;
        if (restarts)
            scenario.Operator.CrashAndRestart();

        // The next try has an answer. The first call may arrive all the same.
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(2));
        Assert.DoesNotContain("alias/wanted", await AliasesAsync(scenario));
        await scenario.ApplyAsync(Scenario.Key("two", "alias: alias/wanted"));
        Assert.DoesNotContain("alias/wanted", await AliasesAsync(scenario));
        var ready = scenario.Condition("ServiceKey", "two", "Ready");
        Assert.True(ready is { Reason: "Progressing" } && ready.Value.Message.Contains("may still arrive", StringComparison.Ordinal), $"{why}: {ready}");

        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "two");
        Assert.Contains("alias/wanted", await AliasesAsync(scenario));
    }

    [Fact]
    public async Task A_key_is_marked_again_where_a_killed_process_takes_the_mark_off_late()
    {
        var late = new LateCall("UntagResource");
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = late.Before });
        await DeleteAfterKillInTakingBackAsync(scenario, late, "Retain");

        Assert.Contains("may still arrive", scenario.Condition("ServiceKey", "one", "Ready")?.Message, StringComparison.Ordinal);
        await late.ArriveAsync();
        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.NotNull((await scenario.Aws.KeyAsync())["tags"]![TagNames.Released]);
    }

    [Fact]
    public async Task A_deletion_that_a_killed_process_cancelled_is_scheduled_again_although_KMS_still_shows_the_first_one()
    {
        var late = new LateCall("CancelKeyDeletion");
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = late.Before, Simulator = new() { QuotaScale = 0, Seed = 1, ConsistencyDelay = TimeSpan.FromMinutes(4) } });
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete"));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "DeleteAlias", "kind": "dropAfter"}""");
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(1));

        // The resource waits for the call without an answer, and its policy is Retain for a moment. The call that cancels the deletion has its effect, and nobody gets the answer.
        await KillInCallAsync(scenario, late, async () =>
        {
            scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Retain"}}""");
            await scenario.Operator.SettleAsync();
        });
        await late.ArriveAsync();
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Delete"}}""");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_resource_that_waits_for_a_late_call_does_not_wait_longer_because_its_key_is_disabled_at_each_look()
    {
        var late = new LateCall("UntagResource");
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = late.Before });
        await DeleteAfterKillInTakingBackAsync(scenario, late, "Disable");

        // Somebody touches the resource, so that the operator looks every minute.
        for (var minute = 0; minute < 8 && scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is not null; minute++)
            await scenario.AnnotateAsync("ServiceKey", "one", "example.com/minute", $"{minute}");

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("Disabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_key_is_disabled_again_where_a_killed_process_enables_it_late()
    {
        var late = new LateCall("EnableKey");
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = late.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "deletionPolicy: Disable"));
        await scenario.RestAsync();
        await KillInCallAsync(scenario, late, async () =>
        {
            await scenario.Aws.Kms().DisableKeyAsync(new DisableKeyRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId") }, Ct);
            scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), "kms.servicekey.dev/reconcile-at", "now");
            await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        });
        await scenario.DeleteAsync("ServiceKey", "one");

        Assert.Contains("may still arrive", scenario.Condition("ServiceKey", "one", "Ready")?.Message, StringComparison.Ordinal);
        await late.ArriveAsync();
        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("Disabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_deletion_that_is_scheduled_late_is_cancelled_although_AWS_refused_its_mark()
    {
        var late = new LateCall("ScheduleKeyDeletion");
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = late.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete"));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "TagResource", "kind": "accessDenied"}""");
        late.IsWaited = true;
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        Assert.True(late.IsHeld);
        late.IsWaited = false;
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Retain"}}""");
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        Assert.Null((await scenario.Aws.KeyAsync())["tags"]![TagNames.DeletedBy]);

        await late.ArriveAsync();
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.Equal("Enabled", (string?)key["keyState"]);
        Assert.NotNull(key["tags"]![TagNames.Released]);
    }

    [Fact]
    public async Task A_deleted_resource_keeps_its_alias_reserved_while_a_killed_process_may_have_sent_a_call_that_takes_it_away()
    {
        var late = new LateCall("DeleteAlias") { IsWaited = true };
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = late.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/wanted", "deletionPolicy: Delete"));
        await scenario.RestAsync();
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        Assert.True(late.IsHeld);
        late.IsWaited = false;
        scenario.Operator.CrashAndRestart();
        await scenario.ApplyAsync(Scenario.Key("two", "alias: alias/wanted"));

        Assert.Contains("may still arrive", scenario.Condition("ServiceKey", "one", "Ready")?.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("alias/wanted", await AliasesAsync(scenario));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "two");
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
    }

    [Fact]
    public async Task No_second_key_is_made_before_a_killed_process_s_call_can_have_arrived_although_it_recorded_the_attempt_long_before()
    {
        var late = new LateCall("CreateKey");
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = late.Before, ConsistencyWindow = TimeSpan.FromSeconds(5) });
        var hasStood = false;
        scenario.Operator.Connection.After = (request, _) =>
        {
            // The process stands still between the record and the call.
            if (!hasStood && request is { Verb: "patch", Plural: "servicekeys" })
            {
                hasStood = true;
                scenario.Operator.Clock.AdvanceTo(scenario.Operator.Clock.GetUtcNow().AddMinutes(1));
            }

            return Task.CompletedTask;
        };
        await KillInCallAsync(scenario, late, async () =>
        {
            scenario.User.Apply(Scenario.Key("one", "service: s3"), Scenario.Namespace);
            await scenario.Operator.SettleAsync(TimeSpan.Zero);
        });
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(14));
        await late.ArriveAsync();
        await scenario.RestAsync();

        Assert.True(hasStood);
        Assert.Single(await scenario.Aws.KeysAsync());
        scenario.AssertReady("ServiceKey", "one");
    }

    /// <summary>Does what lets the operator send a call, and kills it before that has its effect.</summary>
    private static async Task KillInCallAsync(Scenario scenario, LateCall call, Func<Task> act)
    {
        call.IsWaited = true;
        await act();
        Assert.True(call.IsHeld);
        call.IsWaited = false;
        scenario.Operator.CrashAndRestart();
    }

    /// <summary>A key that was left is taken back by a resource of the same name. The operator is killed in a call of that, and the resource is deleted.</summary>
    private static async Task DeleteAfterKillInTakingBackAsync(Scenario scenario, LateCall call, string policy)
    {
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "deletionPolicy: Retain"));
        await scenario.RestAsync();
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();
        await KillInCallAsync(scenario, call, async () =>
        {
            scenario.User.Apply(Scenario.Key("one", "service: s3", $"deletionPolicy: {policy}"), Scenario.Namespace);
            await scenario.Operator.SettleAsync(TimeSpan.Zero);
        });
        await scenario.DeleteAsync("ServiceKey", "one");
    }

    /// <summary>A process that has sent nothing itself takes all for gone at a comparison five minutes after its start. The killed one waited 15 s for its answer. The call arrives after that.</summary>
    private static async Task ArriveAfterNextComparisonAsync(Scenario scenario, LateCall call)
    {
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(302));
        scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), "kms.servicekey.dev/reconcile-at", "now");
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        await call.ArriveAsync();
        await scenario.RestAsync();
    }

    private static async Task<IReadOnlyList<string>> AliasesAsync(Scenario scenario) =>
        [.. (await scenario.Aws.Kms().ListAliasesAsync(new ListAliasesRequest(), Ct)).Aliases.Select(alias => alias.AliasName)];

    /// <summary>While it waits, the connection breaks for each call of an operation. It keeps the first one, and sends it on when it is told to.</summary>
    private sealed class LateCall(string operation)
    {
        private HttpMessageInvoker? _aws;
        private HttpRequestMessage? _held;

        public bool IsWaited { get; set; }

        public bool IsHeld => _held is not null;

        public HttpMessageHandler Before(HttpMessageHandler aws)
        {
            _aws ??= new HttpMessageInvoker(aws, disposeHandler: false);
            return new Handler(this, aws);
        }

        public async Task ArriveAsync()
        {
            using var answer = await _aws!.SendAsync(_held!, Ct);
            Assert.True(answer.IsSuccessStatusCode);
        }

        private async Task SeeAsync(HttpRequestMessage request)
        {
            if (!IsWaited || AwsRequest.OperationOf(request) != operation)
            {
                return;
            }

            if (IsHeld)
                throw Broken();
            var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Content = new ByteArrayContent(await request.Content!.ReadAsByteArrayAsync()) };
            foreach (var (name, values) in request.Headers.NonValidated)
                copy.Headers.TryAddWithoutValidation(name, values);
            foreach (var (name, values) in request.Content.Headers.NonValidated)
                copy.Content.Headers.TryAddWithoutValidation(name, values);
            _held = copy;
            throw Broken();
        }

        private static HttpRequestException Broken() => new(HttpRequestError.ResponseEnded, "The connection broke.");

        private sealed class Handler(LateCall front, HttpMessageHandler aws) : DelegatingHandler(aws)
        {
            protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                await front.SeeAsync(request);
                return await base.SendAsync(request, cancellationToken);
            }
        }
    }
}
