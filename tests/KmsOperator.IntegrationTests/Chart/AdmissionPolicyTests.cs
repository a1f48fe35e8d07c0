using System.Text.Json;
using System.Text.Json.Nodes;
using Cel;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>
/// The ValidatingAdmissionPolicy's rules: parsed and evaluated by a CEL library, which is not the API server's, and held by the API server itself where it is one of 1.30 or later.
/// </summary>
public sealed class AdmissionPolicyTests(ControlPlaneFixture controlPlane)
{
    // Rendered once for all cases of the table.
    private static readonly Lazy<Task<JsonObject>> Default = new(() => PolicyAsync(Values));

    private const string Operator = "system:serviceaccount:kms-operator-system:kms-operator";
    private const string ArgoCd = "system:serviceaccount:argocd:argocd-application-controller";
    private const string Values = "admissionPolicies.enabled=true,admissionPolicies.privilegedServiceAccounts={argocd/argocd-application-controller},admissionPolicies.privilegedGroups={system:masters,security}";

    // What stood there (null when it is made), what is written, by whom in which group, the field that is refused (empty for none), why.
    public static TheoryData<string?, string, string, string, string, string> Cases => new()
    {
        { null, """{"spec": {"service": "s3"}}""", "dev", "team", "", "nothing that is privileged" },
        { null, """{"spec": {"adopt": {"keyId": "k"}}}""", "dev", "team", "spec.adopt", "somebody else's key" },
        { null, """{"spec": {"adopt": {"keyId": "k"}}}""", "dev", "security", "", "a privileged group" },
        { null, """{"spec": {"adopt": {"keyId": "k"}}}""", ArgoCd, "system:serviceaccounts", "", "Argo CD, what it applies was reviewed in Git" },
        { null, """{"spec": {"adopt": {"keyId": "k"}}}""", Operator, "system:serviceaccounts", "", "the operator itself" },
        { """{"spec": {"adopt": {"keyId": "k"}}}""", """{"spec": {"adopt": {"keyId": "k"}, "tags": {"a": "b"}}}""", "dev", "team", "", "it stood there before" },
        { """{"spec": {"adopt": {"keyId": "k"}}}""", """{"spec": {"adopt": {"keyId": "other"}}}""", "dev", "team", "spec.adopt", "another key" },
        { """{"spec": {"adopt": {"keyId": "k"}}}""", """{"spec": {"service": "s3"}}""", "dev", "team", "", "less is always fine" },
        { null, """{"spec": {"takeOverAlias": false}}""", "dev", "team", "", "the default" },
        { null, """{"spec": {"takeOverAlias": true}}""", "dev", "team", "spec.takeOverAlias", "another's alias" },
        { """{"spec": {"takeOverAlias": false}}""", """{"spec": {"takeOverAlias": true}}""", "dev", "team", "spec.takeOverAlias", "another's alias, later" },
        { """{"spec": {"takeOverAlias": true, "alias": "alias/a"}}""", """{"spec": {"takeOverAlias": true, "alias": "alias/a", "enabled": false}}""", "dev", "team", "", "it stood there before" },
        { """{"spec": {"takeOverAlias": true, "alias": "alias/a"}}""", """{"spec": {"takeOverAlias": true, "alias": "alias/b"}}""", "dev", "team", "spec.alias", "a consent for one alias used on another" },
        { """{"spec": {"takeOverAlias": true}}""", """{"spec": {"takeOverAlias": true, "alias": "alias/b"}}""", "dev", "team", "spec.alias", "a consent for the class's alias used on another" },
        { """{"spec": {"takeOverAlias": true, "className": "a"}}""", """{"spec": {"takeOverAlias": true, "className": "b"}}""", "dev", "team", "spec.alias", "another class, another alias" },
        { """{"spec": {"takeOverAlias": true, "alias": "alias/a"}}""", """{"spec": {"takeOverAlias": false, "alias": "alias/b"}}""", "dev", "team", "", "the consent is given back with it" },
        { """{"spec": {"takeOverAlias": true}}""", """{"spec": {"takeOverAlias": true, "additionalAliases": ["alias/b"]}}""", "dev", "team", "spec.additionalAliases", "a consent for one alias used on a further one" },
        { """{"spec": {"takeOverAlias": true, "additionalAliases": ["alias/a", "alias/b"]}}""", """{"spec": {"takeOverAlias": true, "additionalAliases": ["alias/b"]}}""", "dev", "team", "", "a name is given back" },
        { """{"spec": {"takeOverAlias": true, "alias": "alias/a"}}""", """{"spec": {"takeOverAlias": true, "alias": "alias/b"}}""", "dev", "security", "", "a privileged group" },
        { null, """{"spec": {"recreateLostKey": true}}""", "dev", "team", "spec.recreateLostKey", "data under the old key is lost" },
        { """{"spec": {"recreateLostKey": true}}""", """{"spec": {"recreateLostKey": true, "enabled": true}}""", "dev", "team", "", "it stood there before" },
        { null, """{"spec": {"policy": {"preset": "Canonical"}}}""", "dev", "team", "", "a choice between generated policies" },
        { null, """{"spec": {"policy": {"override": {"Statement": []}}}}""", "dev", "team", "spec.policy.override", "a policy of one's own" },
        { """{"spec": {"policy": {"override": {"a": "b"}}}}""", """{"spec": {"policy": {"override": {"a": "c"}}}}""", "dev", "team", "spec.policy.override", "another policy of one's own" },
        { """{"spec": {"policy": {"override": {"a": "b"}}}}""", """{"spec": {"policy": {"override": {"a": "b"}}, "enabled": true}}""", "dev", "team", "", "it stood there before" },
        { """{"spec": {"policy": {"preset": "Canonical"}}}""", """{"spec": {"policy": {"additionalStatements": [{"Effect": "Allow"}]}}}""", "dev", "team", "spec.policy.additionalStatements", "statements of one's own" },
        { """{"spec": {"policy": {"additionalStatements": [{"Effect": "Allow"}]}}}""", """{"spec": {"policy": {"additionalStatements": [{"Effect": "Allow"}]}}}""", "dev", "team", "", "they stood there before" },
        { """{"spec": {"policy": {"additionalStatements": [{"Effect": "Allow"}]}}}""", """{"spec": {"policy": {"additionalStatements": [{"Effect": "Deny"}]}}}""", "dev", "team", "spec.policy.additionalStatements", "other statements" },
        { """{"metadata": {"annotations": {"kms.servicekey.dev/deletion-protection": "true"}}}""", """{"metadata": {}}""", "dev", "team", "deletion-protection", "protection taken off" },
        { """{"metadata": {"annotations": {"kms.servicekey.dev/deletion-protection": "true"}}}""", """{"metadata": {"annotations": {"kms.servicekey.dev/deletion-protection": "false"}}}""", "dev", "team", "deletion-protection", "protection made void" },
        { """{"metadata": {"annotations": {"a": "b"}}}""", """{"metadata": {"annotations": {"kms.servicekey.dev/deletion-protection": "true"}}}""", "dev", "team", "", "protection put on" },
        { """{"metadata": {"finalizers": ["kms.servicekey.dev/key"]}}""", """{"metadata": {}}""", "dev", "team", "metadata.finalizers", "the finalizer stripped" },
        { """{"metadata": {"finalizers": ["kms.servicekey.dev/key"]}}""", """{"metadata": {}}""", Operator, "system:serviceaccounts", "", "the operator's own doing" },
        { """{"metadata": {"finalizers": ["other", "kms.servicekey.dev/key"]}}""", """{"metadata": {"finalizers": ["kms.servicekey.dev/key"]}}""", "dev", "team", "", "somebody else's finalizer" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_privileged_field_is_for_privileged_users_alone(string? before, string after, string user, string group, string refused, string why)
    {
        var spec = (await Default.Value)["spec"]!.AsObject();
        Dictionary<string, object?> variables = new()
        {
            ["object"] = Native(Whole(after)),
            ["oldObject"] = before is null ? null : Native(Whole(before)),
            ["request"] = Native(new JsonObject { ["userInfo"] = new JsonObject { ["username"] = user, ["groups"] = new JsonArray(group, "system:authenticated") } }),
        };
        var cel = new CelEnvironment(null, "");
        bool Holds(JsonNode rule) => Assert.IsType<bool>(cel.Program(rule["expression"]!.GetValue<string>(), variables!));

        var applies = spec["matchConditions"]!.AsArray().All(condition => Holds(condition!));
        var messages = applies ? spec["validations"]!.AsArray().Where(rule => !Holds(rule!)).Select(rule => rule!["message"]!.GetValue<string>()).ToArray() : [];

        Assert.True(refused.Length == 0 ? messages.Length == 0 : messages is [var message] && message.Contains(refused, StringComparison.Ordinal), $"{why}: {string.Join("; ", messages)}");
    }

    [Theory]
    [InlineData("adopt", 1)]
    [InlineData("takeOverAlias", 3)]
    [InlineData("recreateLostKey", 1)]
    [InlineData("policy", 2)]
    [InlineData("deletionProtection", 1)]
    [InlineData("finalizer", 1)]
    public async Task A_rule_can_be_left_out(string rule, int validations)
    {
        var all = (await PolicyAsync(Values))["spec"]!["validations"]!.AsArray().Count;
        var without = (await PolicyAsync($"{Values},admissionPolicies.rules.{rule}=false"))["spec"]!["validations"]!.AsArray().Count;
        Assert.Equal(all - validations, without);
    }

    [Fact]
    public async Task The_policy_fails_closed_is_bound_and_every_rule_names_its_field()
    {
        var objects = Rendering.Objects(await Helm.TemplateAsync("--set", Values));
        var policy = objects.Single("ValidatingAdmissionPolicy");
        Assert.Equal("Fail", policy["spec"]!["failurePolicy"]!.GetValue<string>());
        var rule = Assert.Single(policy["spec"]!["matchConstraints"]!["resourceRules"]!.AsArray());
        Assert.Equal(["CREATE", "UPDATE"], rule!["operations"]!.AsArray().Select(operation => operation!.GetValue<string>()));
        Assert.Equal(["servicekeys", "keyreplicas"], rule["resources"]!.AsArray().Select(resource => resource!.GetValue<string>()));
        Assert.All(policy["spec"]!["validations"]!.AsArray(), validation => Assert.Matches(@"^(spec|metadata)\.[^ ]+: ", validation!["message"]!.GetValue<string>()));
        var binding = objects.Single("ValidatingAdmissionPolicyBinding");
        Assert.Equal(policy["metadata"]!["name"]!.GetValue<string>(), binding["spec"]!["policyName"]!.GetValue<string>());
        Assert.Equal("Deny", Assert.Single(binding["spec"]!["validationActions"]!.AsArray())!.GetValue<string>());
    }

    [Fact]
    public async Task The_API_server_holds_the_rules_where_it_knows_such_policies()
    {
        if (controlPlane.Cluster.ServerMinor < 30)
        {
            Assert.Skip($"ValidatingAdmissionPolicies are part of Kubernetes from 1.30 on; this server is {controlPlane.Cluster.ServerVersion}.");
        }

        // A cluster of its own: the policy is for everybody in it.
        await using var cluster = await LocalCluster.StartAsync();
        await cluster.ApplyTextAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: kms-operator-system}");
        await cluster.ApplyTextAsync(await Helm.TemplateAsync("--set", Values, "--skip-tests", "--kube-version", $"1.{cluster.CoreMinor}.0"));
        (await cluster.KubectlAsync("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")).EnsureSuccess();
        (await cluster.KubectlAsync("create", "clusterrolebinding", "team", "--clusterrole=kms-operator-edit", "--group=team")).EnsureSuccess();
        var developer = await cluster.KubeconfigForAsync("dev", "team");
        Task<CommandResult> CreateAsync(string spec, string? kubeconfig) => cluster.KubectlAsync(
            ["create", "--dry-run=server", "-f", "-"], $"apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata: {{name: one, namespace: default}}\nspec: {spec}", kubeconfig);

        // The server compiles a new policy a moment after it was made.
        await Eventually.TrueAsync(async () => (await CreateAsync("{service: s3, adopt: {keyId: alias/other}}", developer)).Error.Contains("spec.adopt: only privileged", StringComparison.Ordinal), () => "Nothing refuses spec.adopt.");
        Assert.Contains("spec.takeOverAlias: only", (await CreateAsync("{service: s3, takeOverAlias: true}", developer)).Error, StringComparison.Ordinal);
        Assert.Contains("spec.policy.additionalStatements: only", (await CreateAsync("{service: s3, policy: {additionalStatements: [{Effect: Allow}]}}", developer)).Error, StringComparison.Ordinal);
        (await CreateAsync("{service: s3}", developer)).EnsureSuccess();
        (await CreateAsync("{service: s3, adopt: {keyId: alias/other}}", null)).EnsureSuccess();
    }

    private static async Task<JsonObject> PolicyAsync(string values) => Rendering.Objects(await Helm.TemplateAsync("--set", values)).Single("ValidatingAdmissionPolicy");

    private static JsonObject Whole(string text)
    {
        var one = JsonNode.Parse(text)!.AsObject();
        one.TryAdd("metadata", new JsonObject());
        one.TryAdd("spec", new JsonObject());
        return one;
    }

    private static object? Native(JsonNode? node) => node switch
    {
        JsonObject map => map.ToDictionary(field => field.Key, field => Native(field.Value)),
        JsonArray list => list.Select(Native).ToArray(),
        JsonValue value => value.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => value.GetValue<long>(),
            _ => value.GetValue<string>(),
        },
        _ => null,
    };
}
