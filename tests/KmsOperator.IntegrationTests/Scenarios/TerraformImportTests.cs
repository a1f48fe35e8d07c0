using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>
/// Keys that Terraform really makes, in the layouts of the Terraform solution and of the community module and as plain resources, come over by the steps of docs/migrating.md: import, apply,
/// Terraform lets go, the switch. Then they go back. Terraform's AWS provider must come without network where there is none.
/// </summary>
[Collection("operator")]
public sealed class TerraformImportTests(ControlPlaneFixture controlPlane, OperatorFixture operators) : IAsyncLifetime
{
    private const string ClassName = "imported-123456789012-us-east-1";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kms-operator-terraform-");
    private string _namespace = "";

    private Cluster Cluster => controlPlane.Cluster;

    private string Keys => Path.Combine(_folder.FullName, "keys");

    public async ValueTask InitializeAsync()
    {
        await operators.StartAsync(Cluster);
        _namespace = await Cluster.CreateNamespaceAsync("terraform");
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.KubectlAsync("delete", "sk,kr", "--all", "-n", _namespace, "--timeout=60s");
        await Cluster.KubectlAsync("delete", "keyclass", ClassName, "--ignore-not-found");
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Keys_that_Terraform_made_come_over_without_a_change_and_go_back_to_it()
    {
        Copy(Path.Combine(Repository.Root, "tests", "KmsOperator.IntegrationTests", "Scenarios", "Terraform"), _folder.FullName);
        await RequireTerraformAsync();
        await WritePoliciesAsync();
        await TerraformAsync("apply", "-auto-approve");
        var before = await SnapshotAsync();

        // 1. Import.
        var imported = await RunAsync("import", "--tfstate", Path.Combine(_folder.FullName, "terraform.tfstate"), "--output-dir", Keys, "--report", Path.Combine(_folder.FullName, "report.md"));
        Assert.True(imported.ExitCode == 0, imported.Error + imported.Output);
        Assert.DoesNotContain("override", await ReportAsync(), StringComparison.Ordinal);
        Assert.Contains("spec.grants has backup:", await ReportAsync(), StringComparison.Ordinal);
        Assert.Contains("spec.grants has theirs-0:", await ReportAsync(), StringComparison.Ordinal);

        // 2. Apply, and observe. The operator would put its tags on, and do nothing else.
        (await Cluster.KubectlAsync("apply", "--server-side", "-n", _namespace, "-f", Keys)).EnsureSuccess();
        var resources = (await Cluster.KubectlAsync("get", "sk,kr", "-n", _namespace, "-o", "name")).EnsureSuccess().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(5, resources.Length);
        await EachAsync("jsonpath={.items[*].status.plan[*].operation}", string.Join(' ', resources.Select(_ => "TagResource")));

        // 3. Terraform lets go.
        var state = await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "terraform.tfstate"), TestContext.Current.CancellationToken);
        File.Move(Path.Combine(_folder.FullName, "keys.tf"), Path.Combine(_folder.FullName, "keys.tf.old"));
        File.Copy(Path.Combine(Keys, "removed.tf"), Path.Combine(_folder.FullName, "removed.tf"));
        Assert.Contains("0 destroyed", await TerraformAsync("apply", "-auto-approve"), StringComparison.Ordinal);
        Assert.Equal("", await TerraformAsync("state", "list"));

        // 4. The switch.
        await SwitchAsync(resources, "Full");
        await EachAsync("jsonpath={.items[*].status.conditions[?(@.type==\"Ready\")].reason}", string.Join(' ', resources.Select(_ => "Available")));
        await Eventually.TrueAsync(async () => (await operators.KeysOfAsync(_namespace)).Length == resources.Length, () => operators.Log);
        Assert.Equal(before, await SnapshotAsync());

        // And back: the operator observes, its tags go, the resources go, and Terraform has the keys again.
        await SwitchAsync(resources, "Observe");
        await EachAsync("jsonpath={.items[*].status.conditions[?(@.type==\"Ready\")].reason}", string.Join(' ', resources.Select(_ => "Available")));
        foreach (var key in await operators.KeysOfAsync(_namespace))
        {
            await operators.Kms((string)key["region"]!).UntagResourceAsync(
                new UntagResourceRequest { KeyId = (string)key["keyId"]!, TagKeys = ["servicekey.dev/cluster", "servicekey.dev/owner", "servicekey.dev/uid"] }, TestContext.Current.CancellationToken);
        }

        (await Cluster.KubectlAsync("delete", "sk,kr", "--all", "-n", _namespace, "--timeout=60s")).EnsureSuccess();
        File.Delete(Path.Combine(_folder.FullName, "removed.tf"));
        File.Move(Path.Combine(_folder.FullName, "keys.tf.old"), Path.Combine(_folder.FullName, "keys.tf"));
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "terraform.tfstate"), state, TestContext.Current.CancellationToken);
        await TerraformAsync("plan", "-detailed-exitcode");
        Assert.Equal(before, await SnapshotAsync());
    }

    /// <summary>The policies that the solution's modules write, which are the operator's own by meaning, and two that are nobody's.</summary>
    private async Task WritePoliciesAsync()
    {
        var rendered = (await OperatorProcess.RunAsync(
            Cluster.AdminKubeconfig, operators.SimulatorUrl, ["render", "-f", "-", "--account", "123456789012", "-o", "json"],
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyClass
            metadata: {name: solution}
            spec: {region: us-east-1, aliasPrefix: {{_namespace}}, access: {administrators: [Admin]} }
            ---
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: ServiceKey
            metadata: {name: s3, namespace: team}
            spec: {className: solution, service: s3, multiRegion: true, access: {users: [App]} }
            ---
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyReplica
            metadata: {name: s3-replica, namespace: team}
            spec: {primaryRef: {name: s3}, region: eu-west-1, access: {users: [Reader]} }
            ---
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: ServiceKey
            metadata: {name: logs, namespace: team}
            spec: {className: solution, service: logs, access: {users: [App], decrypters: [Auditor]} }
            ---
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: ServiceKey
            metadata: {name: community, namespace: team}
            spec:
              className: solution
              alias: alias/a
              policy: {additionalStatements: [{Sid: KeyOwner, Effect: Allow, Principal: {AWS: "arn:aws:iam::123456789012:role/Owner"}, Action: ["kms:Decrypt", "kms:Encrypt"], Resource: "*"}]}
            ---
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: ServiceKey
            metadata: {name: plain, namespace: team}
            spec: {className: solution, alias: alias/b, keySpec: ECC_NIST_P256, keyUsage: SIGN_VERIFY, access: {signers: [Release], verifiers: [App]} }
            """)).EnsureSuccess();
        var folder = Directory.CreateDirectory(Path.Combine(_folder.FullName, "policies"));
        foreach (var key in JsonNode.Parse(rendered)!.AsArray())
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, $"{(string)key!["name"]!}.json"), key["policy"]!.ToJsonString(), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What KMS has of the keys, without owner tags.</summary>
    private async Task<string> SnapshotAsync()
    {
        var keys = (await operators.AllKeysAsync()).Where(key => key["aliases"]!.AsArray().Any(alias => alias!.ToJsonString().Contains($"alias/{_namespace}/", StringComparison.Ordinal))).ToArray();
        foreach (var tags in keys.Select(key => key["tags"]!.AsObject()))
        {
            foreach (var name in tags.Select(tag => tag.Key).Where(name => name.StartsWith("servicekey.dev/", StringComparison.Ordinal)).ToArray())
            {
                tags.Remove(name);
            }
        }

        Assert.Equal(5, keys.Length);
        return string.Join('\n', keys.Select(key => key.ToJsonString()));
    }

    private Task<string> ReportAsync() => File.ReadAllTextAsync(Path.Combine(_folder.FullName, "report.md"), TestContext.Current.CancellationToken);

    private Task EachAsync(string path, string expected) => Eventually.TrueAsync(
        async () => (await Cluster.KubectlAsync("get", "sk,kr", "-n", _namespace, "-o", path)).Output == expected, () => operators.Log, interval: TimeSpan.FromSeconds(1));

    private async Task SwitchAsync(IEnumerable<string> resources, string policy)
    {
        foreach (var resource in resources)
        {
            (await Cluster.KubectlAsync("patch", resource, "-n", _namespace, "--type=merge", "-p", $$"""{"spec": {"managementPolicy": "{{policy}}"} }""")).EnsureSuccess();
        }

        foreach (var resource in resources)
        {
            (await Cluster.KubectlAsync("wait", resource, "-n", _namespace, "--for=condition=Ready", "--timeout=60s")).EnsureSuccess();
        }
    }

    private Task<CommandResult> RunAsync(params string[] arguments) => OperatorProcess.RunAsync(Cluster.AdminKubeconfig, operators.SimulatorUrl, arguments, null);

    private async Task RequireTerraformAsync()
    {
        var works = false;
        try
        {
            works = (await Command.RunAsync("terraform", [$"-chdir={_folder.FullName}", "init", "-no-color", "-input=false"])).ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // Not installed.
        }

        Assert.True(works || Environment.GetEnvironmentVariable("REQUIRE_TERRAFORM") != "1", "Terraform with its AWS provider is required (REQUIRE_TERRAFORM=1) and does not run.");
        Assert.SkipUnless(works, "Terraform with its AWS provider is not installed: keys are imported from states that were written down.");
    }

    private async Task<string> TerraformAsync(params string[] command)
    {
        string[] more = command[0] == "state" ? [] : ["-no-color", "-input=false", $"-var=url={operators.SimulatorUrl}", $"-var=prefix={_namespace}"];
        var result = await Command.RunAsync("terraform", [$"-chdir={_folder.FullName}", .. command, .. more]);
        Assert.True(result.ExitCode == 0, $"terraform {command[0]}: {result.ExitCode}\n{result.Output}\n{result.Error}");
        return result.Output;
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*.tf", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
