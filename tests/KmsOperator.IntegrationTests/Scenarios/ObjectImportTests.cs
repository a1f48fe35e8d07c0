using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>
/// Keys of ACK and of Crossplane come over by the steps of docs/migrating.md, and each step's way back is walked. Their controllers do not run here: the objects are as a cluster has them, with their
/// status, on a real API server, and KMS is the simulator, whose record shows what was written.
/// </summary>
[Collection("operator")]
public sealed class ObjectImportTests(ControlPlaneFixture controlPlane, OperatorFixture operators) : IAsyncLifetime
{
    private const string ClassName = "imported-123456789012-us-east-1";
    private const string Ack = "kms.services.k8s.aws";
    private const string Crossplane = "kms.aws.upbound.io";
    private const string NamespacedCrossplane = "kms.aws.m.upbound.io";
    private const string Role = "arn:aws:iam::123456789012:role/Reader";

    private static readonly string[] OwnerTags = ["servicekey.dev/cluster", "servicekey.dev/owner", "servicekey.dev/uid"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kms-operator-objects-");
    private string _namespace = "";
    private KeyMetadata _key = new();
    private string _grantId = "";
    private int _calls;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Cluster Cluster => controlPlane.Cluster;

    private string Manifests => Path.Combine(_folder.FullName, "keys");

    private string AliasName => $"alias/{_namespace}/orders";

    public async ValueTask InitializeAsync()
    {
        await operators.StartAsync(Cluster);
        await Cluster.ApplyAsync(Path.Combine(Repository.Root, "tests", "KmsOperator.IntegrationTests", "Scenarios", "foreign-crds.yaml"));
        (await Cluster.KubectlAsync("wait", "--for=condition=Established", "--timeout=60s", $"crd/grants.{Ack}", $"crd/grants.{Crossplane}", $"crd/grants.{NamespacedCrossplane}")).EnsureSuccess();
        _namespace = await Cluster.CreateNamespaceAsync("objects");
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.KubectlAsync("delete", "sk,kr", "--all", "-n", _namespace, "--timeout=60s");
        await Cluster.KubectlAsync("delete", "keyclass", ClassName, "--ignore-not-found");
        await Cluster.KubectlAsync("delete", Kinds(Crossplane), "--all");
        _folder.Delete(recursive: true);
    }

    public static TheoryData<string> Groups => [Ack, Crossplane, NamespacedCrossplane];

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task Keys_of_other_operators_come_over_and_every_step_has_its_way_back(string group)
    {
        await MakeAsync();
        var before = await SnapshotAsync();
        foreach (var (manifest, status) in ObjectsOf(group))
            await PutAsync(group, manifest, status);
        _calls = (await WritesAsync()).Length;

        // 1. Import, back by deleting the folder, and the same once more.
        var files = await ImportAsync(group);
        Directory.Delete(Manifests, recursive: true);
        Assert.Equal(files, await ImportAsync(group));

        // 2. Apply and observe, back by deleting the manifests, and apply again.
        await ApplyAsync();
        (await Cluster.KubectlAsync("delete", "-n", _namespace, "-f", Manifests, "--timeout=60s")).EnsureSuccess();
        await AssertWrittenAsync(before);
        await ApplyAsync();

        // 3. The other tool lets go. Back before its objects are deleted, and back after.
        await LetGoAsync(group);
        await TakeBackAsync(group);
        await LetGoAsync(group);
        await DeleteObjectsAsync(group);
        await CreateAgainAsync(group);
        await AssertWrittenAsync(before);
        await LetGoAsync(group);
        await DeleteObjectsAsync(group);

        // 4. The switch, and back from it.
        await SetAsync("Full");
        await Eventually.TrueAsync(async () => (await operators.KeysOfAsync(_namespace)).Length == 1, () => operators.Log);
        await AssertWrittenAsync(before, "TagResource");
        await SetAsync("Observe");
        await operators.Kms().UntagResourceAsync(new UntagResourceRequest { KeyId = _key.KeyId, TagKeys = [.. OwnerTags] }, Ct);
        (await Cluster.KubectlAsync("delete", "sk,kr", "--all", "-n", _namespace, "--timeout=60s")).EnsureSuccess();
        await CreateAgainAsync(group);
        await AssertWrittenAsync(before, "TagResource", "UntagResource");
    }

    /// <summary>A key as such a tool makes it: with an alias, rotation, a tag and a grant.</summary>
    private async Task MakeAsync()
    {
        var kms = operators.Kms();
        _key = (await kms.CreateKeyAsync(new CreateKeyRequest { Description = "Orders", Tags = [new Tag { TagKey = "Name", TagValue = "orders" }, new Tag { TagKey = "team", TagValue = "pay" }] }, Ct)).KeyMetadata;
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = AliasName, TargetKeyId = _key.KeyId }, Ct);
        await kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = _key.KeyId }, Ct);
        _grantId = (await kms.CreateGrantAsync(new CreateGrantRequest { KeyId = _key.KeyId, Name = "reader", GranteePrincipal = Role, Operations = ["Decrypt", "DescribeKey"] }, Ct)).GrantId;
    }

    private (JsonObject Manifest, JsonObject Status)[] ObjectsOf(string group)
    {
        const string Policy = """{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}""";
        var operations = new JsonArray("Decrypt", "DescribeKey");
        return group == Ack
            ?
            [
                (Object(group, "Key", new JsonObject
                {
                    ["description"] = "Orders", ["enableKeyRotation"] = true, ["policy"] = Policy,
                    ["tags"] = new JsonArray(Tag("Name", "orders"), Tag("team", "pay")),
                }),
                new JsonObject { ["keyState"] = "Enabled", ["keyID"] = _key.KeyId, ["ackResourceMetadata"] = new JsonObject { ["arn"] = _key.Arn, ["region"] = "us-east-1", ["ownerAccountID"] = "123456789012" } }),
                (Object(group, "Alias", new JsonObject { ["name"] = AliasName, ["targetKeyRef"] = From("orders") }), []),
                (Object(group, "Grant", new JsonObject { ["name"] = "reader", ["granteePrincipal"] = Role, ["operations"] = operations, ["keyRef"] = From("orders") }), new JsonObject { ["grantID"] = _grantId }),
            ]
            :
            [
                (Object(group, "Key", Managed(group, new JsonObject { ["region"] = "us-east-1", ["description"] = "Orders" }), _key.KeyId), At(new JsonObject
                {
                    ["arn"] = _key.Arn, ["description"] = "Orders", ["enableKeyRotation"] = true, ["rotationPeriodInDays"] = 365, ["policy"] = Policy, ["tagsAll"] = new JsonObject { ["Name"] = "orders", ["team"] = "pay" },
                })),
                (Object(group, "Alias", Managed(group, new JsonObject { ["region"] = "us-east-1", ["targetKeyIdRef"] = new JsonObject { ["name"] = "orders" } }), AliasName), At([])),
                (Object(group, "Grant", Managed(group, new JsonObject { ["region"] = "us-east-1", ["keyIdRef"] = new JsonObject { ["name"] = "orders" } }), $"{_key.KeyId}:{_grantId}"), At(new JsonObject
                {
                    ["grantId"] = _grantId, ["name"] = "reader", ["granteePrincipal"] = Role, ["operations"] = operations,
                })),
            ];

        static JsonObject Tag(string key, string value) => new() { ["tagKey"] = key, ["tagValue"] = value };
        static JsonObject From(string name) => new() { ["from"] = new JsonObject { ["name"] = name } };
        static JsonObject At(JsonObject provider) => new() { ["atProvider"] = provider };
        static JsonObject Managed(string group, JsonObject provider)
        {
            var spec = new JsonObject { ["forProvider"] = provider, ["managementPolicies"] = new JsonArray("*") };
            if (group == Crossplane)
                spec["deletionPolicy"] = "Delete";
            return spec;
        }
    }

    private JsonObject Object(string group, string kind, JsonObject spec, string? externalName = null)
    {
        var metadata = new JsonObject { ["name"] = "orders" };
        if (group != Crossplane)
            metadata["namespace"] = _namespace;
        if (externalName is not null)
            metadata["annotations"] = new JsonObject { ["crossplane.io/external-name"] = externalName };
        return new JsonObject { ["apiVersion"] = $"{group}/{VersionOf(group)}", ["kind"] = kind, ["metadata"] = metadata, ["spec"] = spec };
    }

    /// <summary>Creates an object, and its status as its controller does.</summary>
    private async Task PutAsync(string group, JsonObject manifest, JsonObject status)
    {
        (await Cluster.KubectlAsync(["create", "-f", "-"], manifest.ToJsonString())).EnsureSuccess();
        var patch = new JsonObject { ["status"] = status }.ToJsonString();
        (await Cluster.KubectlAsync([.. Place(group, "patch", PluralOf((string)manifest["kind"]!) + "." + group, "orders"), "--subresource=status", "--type=merge", "-p", patch])).EnsureSuccess();
    }

    /// <summary>Exports the objects and imports them.</summary>
    /// <returns>The files that were written.</returns>
    private async Task<string> ImportAsync(string group)
    {
        var export = Path.Combine(_folder.FullName, "export.yaml");
        await File.WriteAllTextAsync(export, (await Cluster.KubectlAsync([.. Place(group, "get", Kinds(group)), "-o", "yaml"])).EnsureSuccess(), Ct);
        var imported = await OperatorProcess.RunAsync(Cluster.AdminKubeconfig, operators.SimulatorUrl, ["import", "-f", export, "--output-dir", Manifests], null);
        Assert.True(imported.ExitCode == 0, imported.Error + imported.Output);
        Assert.Contains("Nothing is left to do by hand.", imported.Error, StringComparison.Ordinal);
        Assert.Contains("spec.grants has reader:", imported.Error, StringComparison.Ordinal);
        return string.Join('\n', Directory.EnumerateFiles(Manifests).Order(StringComparer.Ordinal).Select(file => $"# {Path.GetFileName(file)}\n{File.ReadAllText(file)}"));
    }

    private async Task ApplyAsync()
    {
        (await Cluster.KubectlAsync("apply", "--server-side", "-n", _namespace, "-f", Manifests)).EnsureSuccess();
        await Eventually.TrueAsync(
            async () => (await Cluster.KubectlAsync("get", "sk,kr", "-n", _namespace, "-o", "jsonpath={.items[*].status.plan[*].operation}")).Output == "TagResource", () => operators.Log);
    }

    /// <summary>Runs the script as a person does, and looks at the objects as it says.</summary>
    private async Task LetGoAsync(string group)
    {
        (await Cluster.RunScriptAsync(Path.Combine(Manifests, "let-go.sh"))).EnsureSuccess();
        Assert.Equal(group == Ack ? "retain retain retain" : "Observe Observe Observe", await FieldAsync(group, Held(group)));
        if (group == Crossplane)
            Assert.Equal("Orphan Orphan Orphan", await FieldAsync(group, "{.items[*].spec.deletionPolicy}"));
    }

    /// <summary>The way back before the objects are deleted.</summary>
    private async Task TakeBackAsync(string group)
    {
        foreach (var kind in Kinds(group).Split(','))
        {
            (await Cluster.KubectlAsync(group switch
            {
                Ack => [.. Place(group, "annotate", kind, "orders"), "services.k8s.aws/deletion-policy-"],
                Crossplane => [.. Place(group, "patch", kind, "orders"), "--type=merge", "-p", """{"spec":{"managementPolicies":["*"],"deletionPolicy":"Delete"}}"""],
                _ => [.. Place(group, "patch", kind, "orders"), "--type=merge", "-p", """{"spec":{"managementPolicies":["*"]}}"""],
            })).EnsureSuccess();
        }

        Assert.Equal(group == Ack ? "" : "* * *", await FieldAsync(group, Held(group)));
    }

    private async Task DeleteObjectsAsync(string group) => (await Cluster.KubectlAsync([.. Place(group, "delete", Kinds(group), "--all"), "--timeout=60s"])).EnsureSuccess();

    /// <summary>The way back after the objects are deleted: new ones that say which keys they are for. A status comes from the controller, when it finds them.</summary>
    private async Task CreateAgainAsync(string group)
    {
        foreach (var (manifest, _) in ObjectsOf(group))
        {
            if (group == Ack)
            {
                manifest["metadata"]!["annotations"] = new JsonObject
                {
                    ["services.k8s.aws/adoption-policy"] = "adopt",
                    ["services.k8s.aws/adoption-fields"] = new JsonObject { ["keyID"] = _key.KeyId }.ToJsonString(),
                };
            }

            (await Cluster.KubectlAsync(["create", "-f", "-"], manifest.ToJsonString())).EnsureSuccess();
        }
    }

    private async Task SetAsync(string policy)
    {
        var resource = (await Cluster.KubectlAsync("get", "sk", "-n", _namespace, "-o", "name")).EnsureSuccess().Trim();
        (await Cluster.KubectlAsync("patch", resource, "-n", _namespace, "--type=merge", "-p", $$"""{"spec": {"managementPolicy": "{{policy}}"} }""")).EnsureSuccess();
        (await Cluster.KubectlAsync("wait", resource, "-n", _namespace, "--for=condition=Ready", "--timeout=60s")).EnsureSuccess();
    }

    /// <summary>KMS has the key as it was, but for owner tags, and was asked to write nothing but this since the objects are there.</summary>
    private async Task AssertWrittenAsync(string before, params string[] operations)
    {
        Assert.Equal(operations, (await WritesAsync()).Skip(_calls));
        Assert.Equal(before, await SnapshotAsync());
    }

    private async Task<string[]> WritesAsync() =>
    [
        .. (await operators.CallsOfAsync("123456789012")).Where(call => (string?)call["key"] == _key.Arn).Select(call => (string)call["operation"]!)
            .Where(operation => !operation.StartsWith("Get", StringComparison.Ordinal) && !operation.StartsWith("List", StringComparison.Ordinal) && !operation.StartsWith("Describe", StringComparison.Ordinal)),
    ];

    private async Task<string> SnapshotAsync()
    {
        var key = (await operators.AllKeysAsync()).Single(key => (string)key["arn"]! == _key.Arn);
        foreach (var tag in OwnerTags)
            key["tags"]!.AsObject().Remove(tag);
        return key.ToJsonString();
    }

    private static string Held(string group) => group == Ack ? @"{.items[*].metadata.annotations.services\.k8s\.aws/deletion-policy}" : "{.items[*].spec.managementPolicies[0]}";

    private async Task<string> FieldAsync(string group, string path) => (await Cluster.KubectlAsync([.. Place(group, "get", Kinds(group)), "-o", $"jsonpath={path}"])).EnsureSuccess();

    private string[] Place(string group, params string[] command) => group == Crossplane ? command : [.. command, "-n", _namespace];

    private static string Kinds(string group) => $"keys.{group},aliases.{group},grants.{group}";

    private static string PluralOf(string kind) => kind == "Alias" ? "aliases" : kind.ToLowerInvariant() + "s";

    private static string VersionOf(string group) => group == Ack ? "v1alpha1" : "v1beta1";
}
