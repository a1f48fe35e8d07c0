using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsOperator.Api;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

public sealed partial class ScenarioTests
{
    private static readonly string GitOps = Path.Combine(Repository.Root, "config", "gitops");

    // What the spec says besides, what Ready becomes, and the condition beside it.
    public static TheoryData<string, string, string?> Ways => new()
    {
        { "publish: {configMapName: one}", "True", null },
        { "managementPolicy: Observe", "False", "Reconciling" },
        { "suspend: true", "Unknown", null },
    };

    [Theory, MemberData(nameof(Ways))]
    public async Task What_Git_has_is_never_touched(string line, string ready, string? other)
    {
        var text = Key("one", "service: s3", "tags: {team: a}", "multiRegion: true", "replicaRegions: [eu-west-1]", line)
            .Replace("metadata: {name: one,", "metadata: {name: one, labels: {app: shop}, annotations: {note: kept},", StringComparison.Ordinal);

        await UntouchedAsync(
            "sk/one", text, async () =>
            {
                await ConditionAsync("sk/one", ready, null, other);
                // Only a key that is there is looked at once more, and says so.
                if (ready == "True")
                {
                    await LookAsync("one");
                    await Eventually.TrueAsync(async () => (await FieldAsync("sk/one", ".status.lastHandledReconcileAt")).Length > 0, () => operators.Log);
                }
            });
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task What_Git_has_of_a_KeyReplica_is_never_touched(string line, string ready, string? other)
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "multiRegion: true"));
        await ReadyAsync("sk/one");
        var text = $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyReplica
            metadata: {name: copy, namespace: {{_namespace}}, labels: {app: shop}, annotations: {note: kept} }
            spec:
              primaryRef: {name: one}
              region: eu-west-1
              tags: {team: a}
              {{line}}
            """;

        await UntouchedAsync("kr/copy", text, () => ConditionAsync("kr/copy", ready, null, other));
    }

    [Fact]
    public async Task What_Git_has_of_a_KeyClass_is_never_touched()
    {
        var text = $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyClass
            metadata: {name: {{_namespace}}-git, labels: {app: shop}, annotations: {note: kept} }
            spec: {region: us-east-1, aliasPrefix: {{_namespace}} }
            """;
        try
        {
            await UntouchedAsync($"kc/{_namespace}-git", text, () => ConditionAsync($"kc/{_namespace}-git", "True", null, null));
        }
        finally
        {
            await DeleteAsync($"kc/{_namespace}-git");
        }
    }

    [Fact]
    public async Task The_examples_for_Argo_CD_and_Flux_are_objects_of_their_kinds_and_what_they_deliver_works()
    {
        await Cluster.ApplyAsync(Path.Combine(Repository.Root, "tests", "KmsOperator.IntegrationTests", "Scenarios", "gitops-crds.yaml"));
        (await Cluster.KubectlAsync("wait", "--for=condition=Established", "crd", "applications.argoproj.io", "kustomizations.kustomize.toolkit.fluxcd.io", "--timeout=60s")).EnsureSuccess();
        foreach (var name in (string[])["argocd", "flux-system", "shop"])
        {
            await Cluster.ApplyTextAsync($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}");
        }

        var application = (await StoredAsync(Path.Combine(GitOps, "argocd", "application.yaml"))).Single();
        Assert.True(Directory.Exists(Path.Combine(GitOps, Text(application["spec"]!["source"]!["path"]))));
        var kustomizations = await StoredAsync(Path.Combine(GitOps, "flux", "kustomizations.yaml"));
        Assert.Equal(["key-classes", "keys", "orders", "storage"], kustomizations.Select(each => Text(each["metadata"]!["name"])));

        try
        {
            // In the order of dependsOn, which is that of the sync waves.
            foreach (var step in kustomizations)
            {
                var directory = Path.Combine(GitOps, Text(step["spec"]!["path"]));
                var text = string.Join("\n---\n", Directory.EnumerateFiles(directory, "*.yaml").Select(File.ReadAllText));
                if (step["spec"]!["postBuild"]?["substituteFrom"]?[0] is { } source)
                {
                    text = await SubstitutedAsync(text, Text(step["metadata"]!["namespace"]), Text(source["name"]));
                }

                await Cluster.ApplyTextAsync(text);
                if (Text(step["metadata"]!["name"]) is "key-classes" or "keys")
                {
                    (await Cluster.KubectlAsync("wait", "--for=condition=Ready", "--timeout=60s", "-f", directory)).EnsureSuccess();
                }
            }

            var arn = (await Cluster.KubectlAsync("get", "sk", "orders", "-n", "shop", "-o", "jsonpath={.status.arn}")).EnsureSuccess();
            Assert.StartsWith("arn:aws:kms:eu-central-1:", arn, StringComparison.Ordinal);
            Assert.Equal(arn, (await Cluster.KubectlAsync("get", "storageclass", "orders-encrypted", "-o", "jsonpath={.parameters.kmsKeyId}")).EnsureSuccess());
            var container = JsonNode.Parse((await Cluster.KubectlAsync("get", "deploy", "orders", "-n", "shop", "-o", "jsonpath={.spec.template.spec.containers[0]}")).EnsureSuccess())!;
            var published = await PublishedAsync("shop", "orders-key");
            var asked = container["env"]![0]!["valueFrom"]!["configMapKeyRef"]!;
            Assert.Equal("orders-key", Text(asked["name"]));
            Assert.Equal(arn, published[Text(asked["key"])]!.GetValue<string>());
            Assert.All(published, entry => Assert.Matches("^[_A-Za-z][_A-Za-z0-9]*$", entry.Key));
        }
        finally
        {
            await Cluster.KubectlAsync("delete", "sk", "orders", "-n", "shop", "--ignore-not-found", "--timeout=60s");
            await Cluster.KubectlAsync("delete", "kc", "platform", "--ignore-not-found");
            await Cluster.KubectlAsync("delete", "storageclass", "orders-encrypted", "--ignore-not-found");
            await Cluster.KubectlAsync("delete", "namespace", "argocd", "flux-system", "shop", "--ignore-not-found", "--wait=false");
        }
    }

    /// <summary>Sync waves are the order in which the kinds need each other.</summary>
    [Theory]
    [InlineData("key-classes", "-2")]
    [InlineData("keys", "-1")]
    [InlineData("orders", "0")]
    public void Every_manifest_has_the_sync_wave_of_its_kind(string directory, string wave) =>
        Assert.All(
            Directory.EnumerateFiles(Path.Combine(GitOps, "platform", directory), "*.yaml"),
            file => Assert.Contains($"argocd.argoproj.io/sync-wave: \"{wave}\"", File.ReadAllText(file), StringComparison.Ordinal));

    /// <summary>Applies a manifest, lets the operator work, and compares all that Git has with what the server had before the operator saw it.</summary>
    private async Task UntouchedAsync(string resource, string manifest, Func<Task> work)
    {
        // As the server would store it: its own defaults are not the operator's doing.
        var intended = JsonNode.Parse((await Cluster.KubectlAsync(["create", "--dry-run=server", "--validate=false", "-o", "json", "-f", "-"], manifest)).EnsureSuccess())!;
        await Cluster.ApplyTextAsync(manifest);
        await work();
        var stored = (await FindAsync(resource))!;

        var own = stored["metadata"]!["managedFields"]!.AsArray().Where(entry => Text(entry!["manager"]).StartsWith("kms-operator", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(own);
        Assert.All(own, entry => Assert.All(entry!["fieldsV1"]!.AsObject(), field => Assert.True(
            field.Key == "f:status" || (field.Key == "f:metadata" && field.Value!.AsObject().All(meta => meta.Key == "f:finalizers"
                || (meta.Key == "f:annotations" && meta.Value!.AsObject().All(name => name.Key is "." || name.Key[2..] is AnnotationNames.CreateAttempt or AnnotationNames.CreateDetails)))), entry.ToJsonString())));
        Assert.Equal(1, stored["metadata"]!["generation"]!.GetValue<int>());
        Assert.Equal(intended["spec"]!.ToJsonString(), stored["spec"]!.ToJsonString());
        Assert.All(stored["metadata"]!["finalizers"]?.AsArray() ?? [], finalizer => Assert.Equal("kms.servicekey.dev/key", Text(finalizer)));
        Assert.Equal(OfGit(intended["metadata"]!), OfGit(stored["metadata"]!));
    }

    // All of metadata but what the server writes, the operator's finalizer and record of the creation, and the annotation by which this test asks it to look.
    private static string OfGit(JsonNode metadata)
    {
        var own = metadata.DeepClone().AsObject();
        foreach (var field in (string[])["resourceVersion", "managedFields", "generation", "uid", "creationTimestamp", "selfLink", "finalizers"])
        {
            own.Remove(field);
        }

        foreach (var annotation in (string[])[AnnotationNames.ReconcileAt, AnnotationNames.CreateAttempt, AnnotationNames.CreateDetails])
        {
            (own["annotations"] as JsonObject)?.Remove(annotation);
        }

        return own.ToJsonString();
    }

    /// <summary>Applies a file and returns its objects as they are stored; fails when the schema dropped something of them.</summary>
    private async Task<JsonObject[]> StoredAsync(string file)
    {
        await Cluster.ApplyAsync(file);
        // The client's dry run asks for no schema and drops nothing.
        var sent = Items((await Cluster.KubectlAsync("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", file)).EnsureSuccess());
        var stored = Items((await Cluster.KubectlAsync("get", "-f", file, "-o", "json")).EnsureSuccess());
        Assert.Equal(sent.Select(each => each["spec"]!.ToJsonString()), stored.Select(each => each["spec"]!.ToJsonString()));
        return stored;
    }

    // One object, a List, or objects one after the other: kubectl prints several of create in the last form.
    private static JsonObject[] Items(string json)
    {
        List<JsonObject> items = [];
        foreach (var text in Boundary().Split(json.Trim()))
        {
            var node = JsonNode.Parse(text)!.AsObject();
            items.AddRange(node["items"] is JsonArray list ? list.OfType<JsonObject>() : [node]);
        }

        return [.. items];
    }

    private async Task<string> SubstitutedAsync(string text, string @namespace, string configMap)
    {
        var data = await PublishedAsync(@namespace, configMap);
        Assert.Matches(Substitution(), text);
        return Substitution().Replace(text, variable => data[variable.Groups[1].Value]?.GetValue<string>() ?? throw new InvalidDataException($"{variable.Value} is not in {configMap}."));
    }

    private async Task<JsonObject> PublishedAsync(string @namespace, string name)
    {
        var data = new JsonObject();
        await Eventually.TrueAsync(
            async () =>
            {
                data = (await Cluster.Client.FindAsync($"cm/{name}", @namespace))?["data"]?.AsObject() ?? [];
                return data.ContainsKey("replicaArn_eu_west_1");
            },
            () => operators.Log);
        return data;
    }

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    [GeneratedRegex(@"\$\{(\w+)\}")]
    private static partial Regex Substitution();

    [GeneratedRegex(@"(?<=^\})\s*(?=^\{)", RegexOptions.Multiline)]
    private static partial Regex Boundary();
}
