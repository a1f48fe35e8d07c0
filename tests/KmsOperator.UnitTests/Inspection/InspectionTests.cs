using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Commands;
using KmsOperator.Configuration;
using KmsOperator.Inspection;
using KmsOperator.Terminal;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Inspection;

/// <summary>The verbs that look at a cluster's resources, and those that ask the operator for something.</summary>
public sealed class InspectionTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_tree_goes_from_class_to_key_to_alias_and_replica_and_says_what_was_refused()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", "multiRegion: true", "replicaRegions: [eu-west-1]") + Scenario.Key("second", "service: ebs"));

        var (code, tree, _) = await PrintAsync(scenario, null, resources => (new KeyTree(new Colours(false)).Draw(resources), 0));

        var keyId = (string)(await scenario.Aws.KeysAsync())[0]["keyId"]!;
        Assert.Equal(0, code);
        Assert.Equal(
            [
                "KeyClass standard  123456789012 us-east-1  Available",
                $"├─ ServiceKey team/multi  arn:aws:kms:us-east-1:123456789012:key/{keyId}  Enabled  Available",
                "│  ├─ alias/acme/ebs",
                $"│  └─ KeyReplica team/multi-eu-west-1  arn:aws:kms:eu-west-1:123456789012:key/{keyId}  Enabled  Available",
                "│     └─ alias/acme/ebs",
                "└─ ServiceKey team/second  no key  -  AliasConflict",
            ],
            tree.Split('\n')[..6]);
        Assert.StartsWith("   └─ AliasConflict: alias/acme/ebs", tree.Split('\n')[6], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tree_of_a_name_has_that_key_and_its_replicas_alone()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs"));

        var (_, tree, _) = await PrintAsync(scenario, "two", resources => (new KeyTree(new Colours(false)).Draw(resources), 0));

        Assert.Contains("ServiceKey team/two", tree, StringComparison.Ordinal);
        Assert.DoesNotContain("team/one", tree, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_says_what_is_refused_and_what_is_on_record()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3", "deletionPolicy: Delete") + Scenario.Key("denied", "adopt: {keyId: alias/x}"));

        var (code, text, _) = await PrintAsync(scenario, null, resources => (
            new StatusText(new Colours(false)).Write(resources.Keys), resources.Keys.All(StatusText.IsReady) ? ExitCodes.Success : ExitCodes.Found));

        Assert.Equal(2, code);
        Assert.Contains("ServiceKey team/denied\n  ready:                        PermissionDenied since", text, StringComparison.Ordinal);
        Assert.Contains("message:                      spec.adopt: KeyClass standard denies it", text, StringComparison.Ordinal);
        Assert.Contains("on deletion:                  Delete after 30 days", text, StringComparison.Ordinal);
        Assert.Contains("rotation:                     every 365 days", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_does_not_exist_is_an_error()
    {
        using var scenario = await Scenario.StartAsync();
        scenario.User.EnsureNamespace(Scenario.Namespace);

        var (code, text, errors) = await PrintAsync(scenario, "nothing", _ => ("never", 0));

        Assert.Equal((1, "", "There is no ServiceKey or KeyReplica nothing in namespace team.\n"), (code, text, errors.ReplaceLineEndings("\n")));
    }

    [Fact]
    public async Task A_requested_rotation_is_done_once_for_each_request()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));
        var requests = new ResourceRequests(scenario.Operator.Server.Connect(), scenario.Operator.Clock);

        for (var i = 0; i < 2; i++)
        {
            Assert.True(await requests.RotateAsync(NamedResource.Parse("orders", Scenario.Namespace)!, Ct));
            await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));
        }

        Assert.Equal(2, await scenario.CallsAsync("RotateKeyOnDemand"));
    }

    [Fact]
    public async Task A_requested_comparison_puts_drift_right()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));
        await scenario.Aws.Kms().DisableKeyAsync(new DisableKeyRequest { KeyId = (string)(await scenario.Aws.KeyAsync())["keyId"]! }, Ct);

        Assert.True(await new ResourceRequests(scenario.Operator.Server.Connect(), scenario.Operator.Clock).ReconcileAsync(NamedResource.Parse("sk/orders", Scenario.Namespace)!, Ct));
        await scenario.Operator.SettleAsync();

        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_resource_is_suspended_and_resumed()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));
        var requests = new ResourceRequests(scenario.Operator.Server.Connect(), scenario.Operator.Clock);
        var name = NamedResource.Parse("ServiceKey/orders", Scenario.Namespace)!;

        Assert.True(await requests.SuspendAsync(name, true, Ct));
        await scenario.Operator.SettleAsync();
        Assert.Equal("Suspended", scenario.Condition("ServiceKey", "orders", "Ready")?.Reason);

        Assert.True(await requests.SuspendAsync(name, false, Ct));
        await scenario.Operator.SettleAsync();
        scenario.AssertReady("ServiceKey", "orders");
    }

    [Fact]
    public async Task A_request_for_nothing_is_an_error()
    {
        using var scenario = await Scenario.StartAsync();
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var requests = new ResourceRequests(scenario.Operator.Server.Connect(), scenario.Operator.Clock);

        var code = await RequestCommands.RunAsync(
            scenario.Operator.Server.Connect(), NamedResource.Parse("kr/nothing", "team")!, name => requests.RotateAsync(name, Ct), "is rotated once", output, errors, Ct);

        Assert.Equal((1, ""), (code, output.ToString()));
        Assert.StartsWith("There is no KeyReplica team/nothing.", errors.ToString(), StringComparison.Ordinal);
    }

    // namespace, name, what is said, why
    public static TheoryData<string, string, string, string> Missing => new()
    {
        { "team", "ordres", "There is no ServiceKey team/ordres, did you mean \"orders\"?", "nearly right" },
        { "default", "orders", "There is no ServiceKey default/orders; there is one in namespace team: give it with -n.", "the right name, and no namespace given" },
        { "team", "orders-eu-west-1", "There is no ServiceKey team/orders-eu-west-1; a KeyReplica has that name: kr/orders-eu-west-1.", "the other kind" },
        { "team", "kr/orders", "There is no KeyReplica team/orders; a ServiceKey has that name: sk/orders.", "the other kind" },
        { "other", "payments", "There is no ServiceKey other/payments; namespace other has no ServiceKeys or KeyReplicas: give another one with -n.", "the wrong namespace" },
        { "team", "payments", "There is no ServiceKey team/payments. Give the namespace with -n, and kr/NAME for a KeyReplica.", "nothing is near" },
    };

    [Theory]
    [MemberData(nameof(Missing))]
    public void Of_a_resource_that_is_not_there_is_said_which_one_may_be_meant(string @namespace, string name, string message, string why)
    {
        IKeyResource[] all =
        [
            new ServiceKey { Metadata = new ObjectMeta { Name = "orders", Namespace = "team" } },
            new KeyReplica { Metadata = new ObjectMeta { Name = "orders-eu-west-1", Namespace = "team" } },
        ];

        var said = MissingResource.Describe(NamedResource.Parse(name, @namespace)!, all);

        Assert.True(said == message, $"{why}: {said}");
    }

    // name, the resources, why
    public static TheoryData<string, string, string> Kinds => new()
    {
        { "multi", "multi multi-eu-west-1", "a ServiceKey with its replicas" },
        { "sk/multi", "multi multi-eu-west-1", "the same" },
        { "kr/multi-eu-west-1", "multi-eu-west-1", "a replica alone, as the plugin for k9s asks" },
        { "kr/multi", "", "no replica has that name" },
        { "sk/multi-eu-west-1", "", "no ServiceKey has that name" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_name_may_stand_behind_a_kind(string name, string expected, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", "multiRegion: true", "replicaRegions: [eu-west-1]"));

        var (code, text, _) = await PrintAsync(scenario, name, resources => (string.Join(' ', resources.Keys.Concat<IKeyResource>(resources.Replicas).Select(one => one.Metadata.Name)), 0));

        Assert.True((expected.Length > 0 ? 0 : 1, expected) == (code, text), $"{why}: {text}");
    }

    // namespace, name, exit code, what is said, why
    public static TheoryData<string?, string?, int, string, string> Nothing => new()
    {
        { "team", "ordres", 1, "There is no ServiceKey or KeyReplica ordres in namespace team, did you mean \"orders\"?\n", "nearly right" },
        { "empty", "orders", 1, "There is no ServiceKey or KeyReplica orders in namespace empty; there is one in namespace team.\n", "another namespace" },
        { "nowhere", null, 1, "There is no namespace nowhere. Give another one with -n, or none for all.\n", "no such namespace" },
        { "empty", null, 0, "", "a namespace without keys is no mistake" },
        { null, "payments", 1, "There is no ServiceKey or KeyReplica payments.\n", "nothing is near" },
    };

    [Theory]
    [MemberData(nameof(Nothing))]
    public async Task Where_there_is_nothing_to_show_a_mistake_is_told_from_an_empty_namespace(string? @namespace, string? name, int expected, string message, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));
        scenario.User.EnsureNamespace("empty");
        using var output = new StringWriter();
        using var errors = new StringWriter();

        var code = await InspectionCommands.RunAsync(scenario.Operator.Server.Connect(), @namespace, name, _ => ("", 0), output, errors, Ct);

        Assert.True((expected, message) == (code, errors.ToString()), $"{why}: {code} {errors}");
    }

    [Theory]
    [InlineData("rotate: 'secret/x' names neither a ServiceKey", 64, "rotate", "secret/x")]
    [InlineData("--namespace: 'No_Such'", 64, "status", "-n", "No_Such")]
    [InlineData("There is no kubeconfig", 1, "tree")]
    [InlineData("There is no kubeconfig", 1, "status", "orders")]
    [InlineData("There is no kubeconfig", 1, "suspend", "orders")]
    [InlineData("Required argument 'name' missing", 64, "resume")]
    public async Task A_bad_call_is_answered_with_what_to_do(string message, int expected, params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();

        Assert.Equal(expected, await CommandLine.RunAsync(arguments, _ => null, output, errors));
        Assert.Contains(message, errors.ToString(), StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Errors)> PrintAsync(Scenario scenario, string? name, Func<ClusterResources, (string Text, int Code)> print)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await InspectionCommands.RunAsync(scenario.Operator.Server.Connect(), Scenario.Namespace, name, print, output, errors, Ct);
        return (code, output.ToString(), errors.ToString());
    }
}
