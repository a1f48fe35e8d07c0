using System.Text.Json.Nodes;
using KmsOperator.Commands;
using KmsOperator.Configuration;
using KmsOperator.Manifests;
using KmsOperator.UnitTests.Schema;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.UnitTests.Rendering;

/// <summary><c>kms-operator render</c> as a user sees it: exit code, output, errors.</summary>
public sealed class RenderTests : IDisposable
{
    private const string Fields = "kind namespace name region account alias description keySpec keyUsage multiRegion tags policy";
    private const string Class = "apiVersion: kms.servicekey.dev/v1alpha1\nkind: KeyClass\nmetadata: {name: std}\nspec: {region: eu-west-1, aliasPrefix: acme, account: {id: \"123456789012\"}, tags: {Cost: \"1\"}}\n---\n";
    private const string Open = "apiVersion: kms.servicekey.dev/v1alpha1\nkind: KeyClass\nmetadata: {name: open}\nspec: {region: eu-west-1, aliasPrefix: acme}\n---\n";

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory();

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public async Task A_key_has_all_fields_in_their_order_and_defaults_from_class_and_operator()
    {
        var key = Assert.Single(await KeysAsync(Class + Key("one", "className: std, service: s3")));

        Assert.Equal(Fields, string.Join(' ', key.AsObject().Select(member => member.Key)));
        Assert.Equal(
            """{"kind":"ServiceKey","namespace":"default","name":"one","region":"eu-west-1","account":"123456789012","alias":"alias/acme/s3","description":"KMS key for encrypting s3","keySpec":"SYMMETRIC_DEFAULT","keyUsage":"ENCRYPT_DECRYPT","multiRegion":false,"tags":{"Cost":"1","Name":"acme-s3-cmk","servicekey.dev/owner":"ServiceKey/default/one"}}""",
            Without(key, "policy"));
        Assert.Equal("2012-10-17", (string?)key["policy"]!["Version"]);
    }

    [Fact]
    public async Task Grants_are_rendered_with_their_principals_resolved_and_only_where_there_are_some()
    {
        var key = Assert.Single(await KeysAsync(Class + Key(
            "one", "className: std, grants: [{name: app, granteePrincipal: team/App, operations: [Encrypt, Decrypt], encryptionContextSubset: {b: '1', a: '2'}}, "
            + "{name: flow, granteeServicePrincipal: airflow.eu-west-1.amazonaws.com, sourceArn: \"arn:aws:airflow:eu-west-1:123456789012:environment/e\", operations: [Decrypt], retiringPrincipal: Boss}]")));

        Assert.Equal(Fields + " grants", string.Join(' ', key.AsObject().Select(member => member.Key)));
        Assert.Equal(
            """[{"name":"app","granteePrincipal":"arn:aws:iam::123456789012:role/team/App","operations":["Decrypt","Encrypt"],"encryptionContextSubset":{"a":"2","b":"1"}},{"name":"flow","granteeServicePrincipal":"airflow.eu-west-1.amazonaws.com","sourceArn":"arn:aws:airflow:eu-west-1:123456789012:environment/e","operations":["Decrypt"],"retiringPrincipal":"arn:aws:iam::123456789012:role/Boss"}]""",
            key["grants"]!.ToJsonString());
    }

    [Fact]
    public async Task Owned_and_own_replicas_are_rendered_after_their_primary()
    {
        var keys = await KeysAsync(Class + Key("one", "className: std, service: s3, multiRegion: true, replicaRegions: [us-east-1]")
            + "---\n" + Replica("copy", "primaryRef: {name: one}, region: us-west-2"));

        Assert.Equal(["ServiceKey one eu-west-1", "KeyReplica one-us-east-1 us-east-1", "KeyReplica copy us-west-2"], keys.Select(key => $"{key["kind"]} {key["name"]} {key["region"]}"));
        Assert.All(keys, key => Assert.Equal((true, "alias/acme/s3"), ((bool)key["multiRegion"]!, (string?)key["alias"])));
        Assert.Equal("alias/acme/s3-replica", (string?)keys[1]["tags"]!["Name"]);
        Assert.Contains("s3.us-east-1.amazonaws.com", keys[1]["policy"]!.ToJsonString(), StringComparison.Ordinal);
    }

    // the ServiceKey's primaryRegion; what each of the two keys shows; why
    public static TheoryData<string, string?, string> Primaries => new()
    {
        { "", null, "nothing is said" },
        { ", primaryRegion: eu-west-1", "eu-west-1", "the class's Region" },
        { ", primaryRegion: us-east-1", "us-east-1", "the replica's Region" },
    };

    [Theory, MemberData(nameof(Primaries))]
    public async Task Where_the_primary_is_to_be_is_rendered_where_the_manifest_says_it(string field, string? region, string because)
    {
        var keys = await KeysAsync(Class + Key("one", $"className: std, service: s3, multiRegion: true, replicaRegions: [us-east-1]{field}"));

        Assert.True(keys.All(key => (string?)key["primaryRegion"] == region && key.AsObject().ContainsKey("primaryRegion") == (region is not null)), because);
        Assert.Equal("Multi-Region replica key for s3 from eu-west-1", (string?)keys[1]["description"]);
    }

    [Fact]
    public async Task An_owned_replica_that_is_among_the_manifests_is_rendered_once()
    {
        var keys = await KeysAsync(Class + Key("one", "className: std, service: s3, multiRegion: true, replicaRegions: [us-east-1]") + "---\n"
            + Replica("one-us-east-1", "primaryRef: {name: one}, region: us-east-1").Replace(
                "{name: one-us-east-1}", "{name: one-us-east-1, ownerReferences: [{apiVersion: kms.servicekey.dev/v1alpha1, kind: ServiceKey, name: one, uid: u, controller: true}]}", StringComparison.Ordinal));

        Assert.Equal(["one", "one-us-east-1"], keys.Select(key => (string?)key["name"]));
    }

    // fields of the replica; alias, Name tag, whether the policy is known; why
    public static TheoryData<string, string?, string?, bool, string> Foreign => new()
    {
        { "", null, null, false, "alias and policy are the primary's, which AWS knows" },
        { ", alias: alias/mine", "alias/mine", "alias/mine-replica", false, "the alias is given" },
        { ", tags: {Name: mine}", null, "mine", false, "the Name is given" },
        { ", access: {users: [App]}", null, null, false, "access has the policy generated, by the primary's usage" },
        { ", policy: {override: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Principal: \"*\", Action: \"kms:*\", Resource: \"*\"}]}}", null, null, true, "the policy is given" },
    };

    [Theory, MemberData(nameof(Foreign))]
    public async Task Of_a_replica_by_ARN_only_what_AWS_alone_knows_is_null(string fields, string? alias, string? name, bool knowsPolicy, string because)
    {
        var key = Assert.Single(await KeysAsync(Class + Replica("copy", $"primaryKeyArn: \"arn:aws:kms:us-east-1:123456789012:key/mrk-1\", className: std, region: eu-west-1{fields}")));

        Assert.Equal(Fields, string.Join(' ', key.AsObject().Select(member => member.Key)));
        Assert.True((alias, name, knowsPolicy) == ((string?)key["alias"], (string?)key["tags"]!["Name"], key["policy"] is not null), because);
        Assert.Equal(("1", "KeyReplica/default/copy"), ((string?)key["tags"]!["Cost"], (string?)key["tags"]!["servicekey.dev/owner"]));
        Assert.Equal(
            """{"kind":"KeyReplica","namespace":"default","name":"copy","region":"eu-west-1","account":"123456789012","description":"Multi-Region replica key from us-east-1","keySpec":null,"keyUsage":null,"multiRegion":true}""",
            Without(key, "alias", "tags", "policy"));
    }

    [Fact]
    public async Task The_account_of_classes_without_one_is_given_on_the_command_line()
    {
        var key = Assert.Single(await KeysAsync(Open + Key("one", "className: open"), "--account", "210987654321"));

        Assert.Equal("210987654321", (string?)key["account"]);
    }

    [Theory]
    [InlineData("examples/scenario-1-all-services", "examples/scenario-2-multi-region")]
    [InlineData("examples/scenario-1-all-services", "examples/features/access.yaml")]
    public async Task Yaml_says_what_json_says(string path, string other)
    {
        string[] arguments = ["render", "-f", RepositoryFiles.Path(path), "-f", RepositoryFiles.Path(other), "--account", "123456789012", "-o"];
        var (jsonCode, json, jsonErrors) = await RunAsync([.. arguments, "json"]);
        var (_, yaml, _) = await RunAsync([.. arguments, "yaml"]);
        Assert.True(jsonCode == 0, jsonErrors);

        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), new YamlToJson("out", []).Convert(stream.Documents.Single()).Json));
    }

    [Fact]
    public async Task A_directory_and_JSON_are_read_and_a_file_given_twice_counts_once()
    {
        Write("class.yaml", Class);
        Write("key.json", """{"apiVersion": "kms.servicekey.dev/v1alpha1", "kind": "ServiceKey", "metadata": {"name": "one"}, "spec": {"className": "std"}}""");

        var (code, output, errors) = await RunAsync("render", "-f", _home.FullName, "-f", Path.Combine(_home.FullName, "key.json"));

        Assert.True(code == 0, errors);
        Assert.Equal("one", (string?)Assert.Single(JsonNode.Parse(output)!.AsArray())!["name"]);
    }

    [Fact]
    public async Task The_preset_and_the_organization_of_the_class_are_in_the_policy()
    {
        var scoped = Class.Replace("aliasPrefix: acme", "aliasPrefix: acme, policyPreset: Scoped, guards: {onlyOrganization: o-a1b2c3d4e5}", StringComparison.Ordinal);
        var keys = await KeysAsync(scoped + Key("one", "className: std, service: sqs") + "---\n" + Key("two", "className: std, service: sns, policy: {preset: Canonical}"));

        string[] policies = [.. keys.Select(key => key!["policy"]!.ToJsonString())];
        Assert.Contains("\"aws:SourceOrgID\":\"o-a1b2c3d4e5\"", policies[0], StringComparison.Ordinal);
        Assert.DoesNotContain("aws:SourceOrgID", policies[1], StringComparison.Ordinal);
    }

    // manifests after the class; line, field and part of the message; why
    public static TheoryData<string, string, string> Mistakes => new()
    {
        { Key("one", "className: std, servce: s3"), "f.yaml:9: spec.servce: unknown field", "a typing error" },
        { Key("one", "className: none"), "f.yaml:9: spec.className: there is no KeyClass none", "no such class" },
        { Key("one", "service: s3"), "f.yaml:9: spec.className: is empty", "no default class" },
        { Key("one", "className: std, multiRegion: true, primaryRegion: us-east-1"), "f.yaml:9: spec.primaryRegion: InvalidSpec: us-east-1 is neither in spec.replicaRegions", "no key of the resource is there" },
        { Key("one", "className: std, primaryRegion: eu-west-1"), "f.yaml:9: spec.primaryRegion: primaryRegion needs multiRegion true", "a single-Region key has no primary" },
        { Open + Key("one", "className: open"), "f.yaml:14: spec.className: KeyClass open names no account; give one with --account", "no account" },
        { Key("One", "className: std"), "f.yaml:8: metadata.name: \"One\" is not the name", "the server refuses the name" },
        { Key("one", "className: std").Replace("{name: one}", "{name: one, namespace: a.b}", StringComparison.Ordinal), "f.yaml:8: metadata.namespace: \"a.b\" is not", "and the namespace" },
        { Key("one", "className: std") + "---\n" + Key("one", "className: std"), "f.yaml:13: metadata.name: ServiceKey one in namespace default stands in f.yaml:6 already", "twice the same" },
        { Key("one", "className: std, service: s3") + "---\n" + Key("two", "className: std, service: s3"), "f.yaml:14: spec.alias: AliasConflict: ServiceKey/default/two would get alias/acme/s3 in account 123456789012, eu-west-1, which ServiceKey/default/one (f.yaml:6) gets", "one alias, two keys" },
        { Key("one", "className: std, access: {users: [\"arn:aws-cn:iam::123456789012:role/A\"]}"), "f.yaml:9: spec.access.users[0]: InvalidSpec: \"arn:aws-cn:", "a principal of another partition" },
        { Key("one", "className: std, multiRegion: true, replicaRegions: [cn-north-1]"), "f.yaml:9: spec.replicaRegions: InvalidSpec: cn-north-1", "a Region of another partition" },
        { Key("one", "className: std, multiRegion: true, replicaRegions: [us-east-1]") + "---\n" + Replica("one-us-east-1", "primaryRef: {name: one}, region: us-west-2"), "f.yaml:9: spec.replicaRegions: ReplicaConflict: KeyReplica one-us-east-1 of f.yaml:11", "the name is taken" },
        { Replica("copy", "primaryRef: {name: one}, region: us-west-2"), "f.yaml:9: spec.primaryRef.name: there is no ServiceKey one", "no primary" },
        { Replica("copy", "primaryKeyArn: \"arn:aws:kms:us-east-1:999999999999:key/mrk-1\", className: std, region: eu-west-1"), "f.yaml:9: spec.primaryKeyArn: InvalidSpec: the key is in account 999999999999", "a primary of another account" },
        { Closed("None") + Key("one", "className: closed"), "f.yaml:14: spec.className: NamespaceNotAllowed: KeyClass closed does not admit namespace default", "no namespace is admitted" },
        { Closed("Selector, selector: {matchLabels: {a: b}}") + "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {a: c}}\n---\n" + Key("one", "className: closed"), "f.yaml:18: spec.className: NamespaceNotAllowed", "the namespace's labels are known and others" },
        { Key("one", "className: std, service: s3, keySpec: ECC_NIST_P256, keyUsage: SIGN_VERIFY"), "f.yaml:9: spec.keySpec: keySpec must be SYMMETRIC_DEFAULT with service s3", "a key that the service cannot use" },
        { Key("one", "className: std, service: controltower, multiRegion: true"), "f.yaml:9: spec.multiRegion: multiRegion must be false with service controltower", "another one" },
        { Key("one", "className: std, service: fargate, alias: alias/acme/one"), "f.yaml:9: spec.alias: alias must be left out with service fargate", "a service that takes no alias" },
        { Key("one", "className: std, service: fargate, additionalAliases: [alias/acme/one]"), "f.yaml:9: spec.additionalAliases: additionalAliases must be left out with service fargate", "nor another alias" },
        { Key("one", "className: std, service: route53-dnssec"), "f.yaml:9: spec.keySpec: keySpec must be ECC_NIST_P256 with service route53-dnssec", "a required key spec" },
        { Key("one", "className: std, service: route53-dnssec, keySpec: ECC_NIST_P256, keyUsage: SIGN_VERIFY"), "f.yaml:9: spec.service: InvalidSpec: route53-dnssec takes keys of us-east-1 only, the KeyClass makes them in eu-west-1", "a service of one Region" },
        { Key("one", "className: std, service: cloudtrail, serviceParameters: {trailArn: [a]}"), "f.yaml:9: spec.serviceParameters.trailArn: unknown field, did you mean \"trailArns\"?", "a misspelt parameter" },
        { Key("one", "className: std, service: sqs, serviceParameters: {trailArns: [\"arn:aws:cloudtrail:eu-west-1:123456789012:trail/a\"]}"), "f.yaml:9: spec.serviceParameters.trailArns: serviceParameters.trailArns needs service cloudtrail, this is sqs", "a parameter of another service" },
        { Key("one", "className: std, service: cloudtrail, serviceParameters: {trailArns: [\"arn:aws:cloudtrail:eu-west-1:999999999999:trail/a\"]}"), "f.yaml:9: spec.serviceParameters.trailArns[0]: InvalidSpec: \"arn:aws:cloudtrail:eu-west-1:999999999999:trail/a\" is of account 999999999999", "a trail of another account" },
        { Key("one", "className: std, service: mwaa, multiRegion: true") + "---\n" + Replica("copy", "primaryRef: {name: one}, region: us-west-2"), "f.yaml:14: spec.primaryRef.name: InvalidSpec: ServiceKey one is for service mwaa", "a replica of a service without multi-Region keys" },
        { Key("one", "className: std, service: mwaa, multiRegion: true"), "f.yaml:9: spec.multiRegion: multiRegion must be false with service mwaa", "a service without multi-Region keys" },
        { Replica("copy", "primaryKeyArn: \"arn:aws:kms:us-east-1:123456789012:key/mrk-1\", className: std, region: eu-west-1, access: {users: [\"arn:aws-cn:iam::123456789012:role/A\"]}"), "f.yaml:9: spec.access.users[0]: InvalidSpec: \"arn:aws-cn:", "a principal of another partition, whatever the usage" },
        { Key("one", "className: std, access: {signers: [App]}"), "f.yaml:9: spec.access.signers: access.signers needs keyUsage SIGN_VERIFY", "a part that the usage lacks" },
        { Key("one", "className: std, multiRegion: true") + "---\n" + Replica("copy", "primaryRef: {name: one}, region: us-west-2, access: {signers: [App]}"), "f.yaml:14: spec.access.signers: InvalidSpec: needs keyUsage SIGN_VERIFY", "a part that the primary's usage lacks" },
        { Key("one", "tags: &x {a: *x}"), "f.yaml:", "an anchor within itself" },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public async Task A_mistake_ends_with_65_and_names_file_line_and_field(string manifests, string expected, string because)
    {
        var (code, output, errors) = await RenderAsync(Class + manifests);

        Assert.True((ExitCodes.InvalidInput, "") == (code, output), because);
        Assert.Contains(expected, errors.Replace(_home.FullName + Path.DirectorySeparatorChar, "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.True(errors.Length < 1000, errors);
    }

    [Theory]
    [InlineData("None", "denied anyway", false)]
    [InlineData("Selector, selector: {matchLabels: {a: b}}", "only the cluster knows the namespace's labels", true)]
    public async Task A_selector_is_decided_only_where_the_namespace_is_known(string from, string because, bool expected)
    {
        var (code, _, errors) = await RenderAsync(Closed(from) + Key("one", "className: closed"));

        Assert.True(expected == (code == 0), $"{because}: {errors}");
    }

    [Theory]
    [InlineData("--account", "12")]
    [InlineData("--output", "xml")]
    public async Task A_bad_flag_ends_with_64_and_is_named(string flag, string value)
    {
        var (code, output, errors) = await RunAsync("render", "-f", _home.FullName, flag, value);

        Assert.Equal((ExitCodes.Usage, ""), (code, output));
        Assert.StartsWith($"{flag}: '{value}' ", errors, StringComparison.Ordinal);
    }

    private static string Key(string name, string spec) => $"apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n";

    private static string Replica(string name, string spec) => Key(name, spec).Replace("kind: ServiceKey", "kind: KeyReplica", StringComparison.Ordinal);

    private static string Closed(string from) => Class.Replace("name: std", "name: closed", StringComparison.Ordinal)
        .Replace("tags: {Cost: \"1\"}", $"allowedNamespaces: {{from: {from}}}", StringComparison.Ordinal);

    private static string Without(JsonNode key, params string[] fields)
    {
        var copy = key.DeepClone().AsObject();
        foreach (var field in fields) copy.Remove(field);
        return copy.ToJsonString(new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_home.FullName, file), text);

    private async Task<List<JsonNode>> KeysAsync(string manifests, params string[] more)
    {
        var (code, output, errors) = await RenderAsync(manifests, more);
        Assert.True(code == 0, errors);
        return [.. JsonNode.Parse(output)!.AsArray().Select(key => key!)];
    }

    private Task<(int Code, string Output, string Errors)> RenderAsync(string manifests, params string[] more)
    {
        Write("f.yaml", manifests);
        return RunAsync(["render", "-f", Path.Combine(_home.FullName, "f.yaml"), .. more]);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using StringWriter output = new(), errors = new();
        var code = await CommandLine.RunAsync(arguments, _ => null, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
