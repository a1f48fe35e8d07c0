using KmsOperator.UnitTests.Plans;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Rules in CEL of a class, <c>allowed.validations</c>.</summary>
public sealed class AllowedValidationTests
{
    private const string NamesItsTeam = """allowed: {validations: [{expression: "self.metadata.name.startsWith(self.metadata.namespace)", message: names begin with the namespace}]}""";

    // The expression, the fields of the key, the message of Ready without the source, why.
    public static TheoryData<string, string[], string, string> Refused => new()
    {
        { "self.spec.multiRegion", ["service: s3"], "no ", "a default is there before the rule" },
        { "has(self.spec.tags) && 'CostCenter' in self.spec.tags", ["service: s3"], "no ", "a field that is not there" },
        { "self.spec.access.users.size() < 2", ["service: s3", "access: {users: [A, B]}"], "no ", "too many" },
        { "self.metadata.name != 'one'", ["service: s3"], "no ", "a name" },
        { "self.metadata.namespace != 'team'", ["service: s3"], "no ", "a namespace by its name" },
        { "namespaceObject.metadata.labels.stage == 'test'", ["service: s3"], "no ", "a namespace by its label" },
        { "self.kind == 'KeyReplica'", ["service: s3"], "no ", "a kind" },
        { "self.spec.tags.team == 'a'", ["service: s3"], "no (KeyClass standard, allowed.validations[0]: the rule cannot be evaluated: no such key: tags", "what cannot be evaluated is not allowed" },
        { "self.metadata.name", ["service: s3"], "no (KeyClass standard, allowed.validations[0]: the rule cannot be evaluated: it is no bool but string", "what is no bool is not allowed" },
        { "has(self.metadata.labels)", ["service: s3"], "no ", "of the metadata, rules see name and namespace" },
        { "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].all(a, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].all(b, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].all(c, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].all(d, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].all(e, true)))))", ["service: s3"], "no (KeyClass standard, allowed.validations[0]: the rule cannot be evaluated: it takes more than 100000 steps", "what takes too long is not allowed" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task What_a_rule_of_the_class_does_not_allow_is_refused_before_a_key_exists(string expression, string[] fields, string message, string why)
    {
        using var scenario = await Scenario.StartAsync($"allowed: {{validations: [{{expression: \"{expression}\", message: \"no\"}}]}}");
        Label(scenario, "stage: prod");

        await scenario.ApplyAsync(Scenario.Key("one", fields));

        scenario.AssertStalled("ServiceKey", "one", "PermissionDenied");
        Assert.True(scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message.StartsWith(message + (message == "no " ? "(KeyClass standard, allowed.validations[0])" : ""), StringComparison.Ordinal), $"{why}: {scenario.Condition("ServiceKey", "one", "Ready")}");
        Assert.True((await scenario.Aws.KeysAsync()).Count == 0, why);
    }

    [Fact]
    public async Task The_first_rule_that_is_not_fulfilled_is_named_and_what_fulfils_all_is_made()
    {
        using var scenario = await Scenario.StartAsync(
            """allowed: {validations: [{expression: "self.spec.service != 'ebs'", message: first}, {expression: "self.spec.service != 's3'", message: second}]}""");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs"));

        Assert.Equal("second (KeyClass standard, allowed.validations[1])", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message);
        scenario.AssertReady("ServiceKey", "two");
    }

    [Fact]
    public async Task A_label_of_the_namespace_and_a_rule_of_the_class_that_change_count_at_once()
    {
        using var scenario = await Scenario.StartAsync("""allowed: {validations: [{expression: "namespaceObject.metadata.?labels.?stage.orValue('') == 'prod'", message: production only}]}""");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        scenario.AssertStalled("ServiceKey", "one", "PermissionDenied");

        Label(scenario, "stage: prod");
        await scenario.Operator.SettleAsync();
        scenario.AssertReady("ServiceKey", "one");

        await scenario.ApplyAsync(Scenario.Class(NamesItsTeam));
        scenario.AssertStalled("ServiceKey", "one", "PermissionDenied");
    }

    [Fact]
    public async Task A_replica_is_held_to_the_rules_too()
    {
        using var scenario = await Scenario.StartAsync("""allowed: {validations: [{expression: "self.kind != 'KeyReplica' || self.spec.region.startsWith('eu-')", message: replicas stay in Europe}]}""");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "multiRegion: true") + Scenario.Replica("copy", "primaryRef: {name: one}", "region: us-west-2"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(5));

        scenario.AssertReady("ServiceKey", "one");
        scenario.AssertStalled("KeyReplica", "copy", "PermissionDenied");
    }

    // The rule, a part of the message, why.
    public static TheoryData<string, string, string> Mistakes => new()
    {
        { "self.spec.service == ", "spec.allowed.validations[0].expression: is no CEL at character 22: the end stands where a value is expected", "half a comparison" },
        { "slef.spec.multiRegion", "spec.allowed.validations[0].expression: is no CEL at character 1: there is no variable slef, did you mean", "a typing error" },
        { "namespace.metadata.name == 'a'", "spec.allowed.validations[0].expression: is no CEL at character 1: 'namespace' is a reserved word", "the variable has another name" },
        { "self.metadata.name.startWith('a')", "spec.allowed.validations[0].expression: is no CEL at character 20: there is no method startWith, did you mean", "a method that there is not" },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public async Task A_class_whose_rule_is_no_CEL_is_not_ready_and_says_where(string expression, string message, string why)
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Class($"allowed: {{validations: [{{expression: \"{expression}\", message: \"no\"}}]}}"));

        scenario.AssertStalled("KeyClass", "standard", "InvalidSpec");
        Assert.True(scenario.Condition("KeyClass", "standard", "Ready")!.Value.Message.StartsWith(message, StringComparison.Ordinal), $"{why}: {scenario.Condition("KeyClass", "standard", "Ready")}");
    }

    [Fact]
    public async Task A_plan_refuses_as_the_operator_does_and_takes_rules_about_unknown_namespaces_for_fulfilled()
    {
        using var scenario = await Scenario.StartAsync();
        var manifests = Scenario.Class("""
            account: {id: "123456789012"}
              allowed: {validations: [{expression: "namespaceObject.metadata.labels.stage == 'prod'", message: stage}, {expression: "self.spec.service != 'ebs'", message: no volumes}]}
            """) + "\n---\n" + Scenario.Key("one", "service: ebs") + Scenario.Key("two", "service: s3");

        var plan = await scenario.Operator.PlanOfflineAsync(manifests);

        Assert.Equal("no volumes (KeyClass standard, allowed.validations[1])", plan.Of("ServiceKey", "one").Message);
        Assert.Contains("CreateKey", plan.Of("ServiceKey", "two").Operations());
        Assert.Contains(plan.Notes, note => note.Contains("has rules about the labels of namespaces", StringComparison.Ordinal));
    }

    private static void Label(Scenario scenario, string label) =>
        scenario.User.Apply($"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {Scenario.Namespace}\n  labels: {{{label}}}\n", Scenario.Namespace);
}
