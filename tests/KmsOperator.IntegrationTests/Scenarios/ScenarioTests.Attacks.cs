using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>What a team may try against another one, against its class, or against KMS's limits; see docs/security.md.</summary>
public sealed partial class ScenarioTests
{
    [Fact]
    public async Task A_key_of_another_namespace_cannot_be_adopted_by_id_or_by_alias()
    {
        await ApplyClassAsync("permissions: {adoption: Allow, aliasTakeOver: Allow}");
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        var id = await ReadyAsync("sk/one");
        var other = await Cluster.CreateNamespaceAsync("attacker");
        await Cluster.ApplyTextAsync(string.Join("\n---\n",
            In(other, Key("by-id", "service: sns", $"adopt: {{keyId: {id}}}")),
            In(other, Key("by-alias", "service: sns", $"adopt: {{keyId: alias/{_namespace}/s3}}")),
            In(other, Key("by-theft", "service: sns", $"alias: alias/{_namespace}/s3", "takeOverAlias: true"))));
        foreach (var (name, reason) in new[] { ("by-id", "KeyConflict"), ("by-alias", "KeyConflict"), ("by-theft", "AliasConflict") })
        {
            Assert.Contains($"ServiceKey/{_namespace}/one", await ConditionOfAsync(other, $"sk/{name}", reason), StringComparison.Ordinal);
        }

        // Also not once it was left behind; its alias then is nobody's, and the class lets it be taken.
        await Cluster.Client.DeleteAsync("sk/by-theft", other);
        await Eventually.TrueAsync(async () => await Cluster.Client.FindAsync("sk/by-theft", other) is null, () => operators.Log);
        await DeleteAsync("sk/one");
        await Cluster.ApplyTextAsync(In(other, Key("left", "service: sqs", $"adopt: {{keyId: {id}}}")));
        Assert.Contains($"ServiceKey/{_namespace}/one", await ConditionOfAsync(other, "sk/left", "KeyConflict"), StringComparison.Ordinal);
        Assert.Empty(await operators.KeysOfAsync(other));
        Assert.Equal($"ServiceKey/{_namespace}/one", Owner(Assert.Single(await operators.KeysOfAsync(_namespace))));
    }

    [Fact]
    public async Task A_key_of_another_namespace_cannot_be_read_by_way_of_a_replica()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "multiRegion: true"));
        var id = await ReadyAsync("sk/one");
        var other = await Cluster.CreateNamespaceAsync("attacker");
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyReplica
            metadata: {name: copy, namespace: {{other}}}
            spec:
              primaryKeyArn: "arn:aws:kms:us-east-1:123456789012:key/{{id}}"
              className: {{_namespace}}
              region: eu-west-1
              access: {users: [Attacker]}
            """);
        Assert.Contains($"ServiceKey/{_namespace}/one", await ConditionOfAsync(other, "kr/copy", "KeyConflict"), StringComparison.Ordinal);
        Assert.Empty(await operators.KeysOfAsync(other));
    }

    [Fact]
    public async Task A_class_that_does_not_admit_the_namespace_serves_no_replica_either()
    {
        using var kms = operators.Kms();
        var primary = (await kms.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true }, TestContext.Current.CancellationToken)).KeyMetadata;
        await ApplyClassAsync("allowedNamespaces: {from: None}");
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyReplica
            metadata: {name: copy, namespace: {{_namespace}}}
            spec: {primaryKeyArn: "{{primary.Arn}}", className: {{_namespace}}, region: eu-west-1, alias: alias/copy}
            """);
        await ConditionAsync("kr/copy", "False", "NamespaceNotAllowed", "Stalled");
        Assert.Empty(await operators.KeysOfAsync(_namespace));
    }

    // what a class denies, what a spec asks, the field that is named
    public static TheoryData<string, string, string> Denied => new()
    {
        { "policyOverride", "policy: {override: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Principal: \"*\", Action: \"kms:*\", Resource: \"*\"}]}}", "spec.policy.override" },
        { "additionalAccess", "policy: {additionalStatements: [{Effect: Allow, Principal: \"*\", Action: \"kms:Decrypt\", Resource: \"*\"}]}", "spec.policy.additionalStatements" },
        { "additionalAccess", "access: {administrators: [Attacker]}", "spec.access.administrators" },
        { "additionalAccess", "access: {trustedAccounts: [\"999999999999\"]}", "spec.access.trustedAccounts" },
    };

    [Theory]
    [MemberData(nameof(Denied))]
    public async Task What_a_class_denies_is_neither_made_nor_put_on_a_key_that_exists(string permission, string asked, string field)
    {
        await ApplyClassAsync($"permissions: {{{permission}: Deny}}");
        await Cluster.ApplyTextAsync(Key("one", "service: s3") + "\n---\n" + Key("new", "service: sns", asked));
        await ReadyAsync("sk/one");
        var policy = Assert.Single(await operators.KeysOfAsync(_namespace))["policy"]!.GetValue<string>();
        Assert.Contains(field, await ConditionAsync("sk/new", "False", "PermissionDenied", "Stalled"), StringComparison.Ordinal);

        await Cluster.ApplyTextAsync(Key("one", "service: s3", asked));
        Assert.Contains(field, await ConditionAsync("sk/one", "False", "PermissionDenied", "Stalled"), StringComparison.Ordinal);
        Assert.Equal(policy, Assert.Single(await operators.KeysOfAsync(_namespace))["policy"]!.GetValue<string>());
    }

    // what stands where the name of a role belongs, why
    public static TheoryData<string, string> Smuggled => new()
    {
        { "999999999999", "KMS reads an account id as the whole account" },
        { "*", "everybody" },
        { "arn:aws:iam::*:role/App", "a role of any account" },
        { "arn:aws:iam::999999999999:role/*", "any role of an account" },
        { "arn:aws:iam::999999999999:group/Everybody", "groups are no principals" },
        { "x:role/App", "a colon would end the account of the ARN that is made of it" },
        { "../999999999999:root", "a path that leaves the account" },
        { "lambda.amazonaws.com", "a service is no role, and its name is a valid one of a role" },
    };

    [Theory]
    [MemberData(nameof(Smuggled))]
    public async Task A_role_s_name_carries_no_other_account_and_nobody_else(string name, string why)
    {
        var applied = await Cluster.KubectlAsync(["apply", "--validate=false", "-f", "-"], Key("one", "service: s3", $"access: {{users: [\"{name}\"]}}"));
        if (applied.ExitCode != 0)
        {
            Assert.Contains("spec.access.users", applied.Error, StringComparison.Ordinal);
            return;
        }

        if (name == "lambda.amazonaws.com")
        {
            // Taken for what it says: a role of that name in the key's own account.
            await ReadyAsync("sk/one");
            var policy = Assert.Single(await operators.KeysOfAsync(_namespace))["policy"]!.GetValue<string>();
            Assert.True(policy.Contains("arn:aws:iam::123456789012:role/lambda.amazonaws.com", StringComparison.Ordinal), why);
            return;
        }

        var message = await ConditionAsync("sk/one", "False", "InvalidSpec", "Stalled");
        Assert.True(message.Contains("spec.access.users[0]", StringComparison.Ordinal), why);
        Assert.Empty(await operators.KeysOfAsync(_namespace));
    }

    [Fact]
    public async Task The_operator_s_own_tags_cannot_be_spoofed()
    {
        var applied = await Cluster.KubectlAsync(["apply", "--validate=false", "-f", "-"], Key("one", "service: s3", "tags: {servicekey.dev/owner: ServiceKey/other/it}"));
        Assert.Contains("spec.tags", applied.ExitCode == 0 ? await ConditionAsync("sk/one", "False", "InvalidSpec", "Stalled") : applied.Error, StringComparison.Ordinal);
        Assert.Empty(await operators.KeysOfAsync(_namespace));
        Assert.Empty(await operators.KeysOfAsync("other"));
    }

    [Fact]
    public async Task A_stripped_finalizer_loses_no_key()
    {
        var account = await OwnAccountAsync();
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "deletionPolicy: Delete"));
        var id = await ReadyAsync("sk/one");
        operators.Kill();
        await StartDeletingAsync("sk/one");
        await PatchAsync("sk/one", "{\"metadata\":{\"finalizers\":null}}");
        operators.StartOperator();

        await Cluster.ApplyTextAsync(Key("one", "service: s3", "deletionPolicy: Delete"));
        Assert.Equal(id, await ReadyAsync("sk/one"));
        Assert.Equal("Enabled", State(Assert.Single(await operators.KeysOfAsync(_namespace))));
        Assert.DoesNotContain(await WritesAsync(account), operation => operation is "ScheduleKeyDeletion" or "CancelKeyDeletion");
    }

    [Fact]
    public async Task A_finalizer_that_is_stripped_from_a_living_resource_comes_back()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "deletionPolicy: Delete"));
        await ReadyAsync("sk/one");
        await PatchAsync("sk/one", "{\"metadata\":{\"finalizers\":null}}");
        await Eventually.TrueAsync(async () => (await FieldAsync("sk/one", ".metadata.finalizers")).Contains("kms.servicekey.dev", StringComparison.Ordinal), () => operators.Log);
        await DeleteAsync("sk/one");
        Assert.Equal("PendingDeletion", State(Assert.Single(await operators.KeysOfAsync(_namespace))));
    }

    [Fact]
    public async Task Names_and_tags_beyond_KMS_s_limits_are_refused_before_any_call()
    {
        var name = new string('n', 250);
        await Cluster.ApplyTextAsync(Key(name, "service: s3"));
        Assert.Contains("metadata.name", await ConditionAsync($"sk/{name}", "False", "InvalidSpec", "Stalled"), StringComparison.Ordinal);

        await ApplyClassAsync($"tags: {{{string.Join(", ", Enumerable.Range(0, 30).Select(i => $"class{i}: x"))}}}");
        await Cluster.ApplyTextAsync(Key("tags", "service: s3", $"tags: {{{string.Join(", ", Enumerable.Range(0, 30).Select(i => $"own{i}: x"))}}}"));
        Assert.Contains("spec.tags", await ConditionAsync("sk/tags", "False", "InvalidSpec", "Stalled"), StringComparison.Ordinal);
        Assert.Empty(await operators.KeysOfAsync(_namespace));
    }

    [Fact]
    public async Task Who_may_edit_a_namespace_may_write_neither_status_nor_classes()
    {
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: editors, namespace: {{_namespace}}}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: kms-operator-edit}
            subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: editor}]
            """);
        async Task<string> CanAsync(params string[] what) =>
            (await Cluster.KubectlAsync(["auth", "can-i", .. what, "--as=editor", "-n", _namespace], null)).Output.Trim();
        Assert.Equal("yes", await CanAsync("patch", "servicekeys.kms.servicekey.dev"));
        Assert.Equal("no", await CanAsync("patch", "servicekeys.kms.servicekey.dev", "--subresource=status"));
        Assert.Equal("no", await CanAsync("patch", "keyreplicas.kms.servicekey.dev", "--subresource=status"));
        Assert.Equal("no", await CanAsync("create", "keyclasses.kms.servicekey.dev"));
        Assert.Equal("no", await CanAsync("patch", "keyclasses.kms.servicekey.dev"));
    }

    /// <summary>The same manifest in another namespace.</summary>
    private string In(string @namespace, string manifest) => manifest.Replace($"namespace: {_namespace}", $"namespace: {@namespace}", StringComparison.Ordinal);

    private async Task<string> ConditionOfAsync(string @namespace, string resource, string reason)
    {
        JsonObject? last = null;
        await Eventually.TrueAsync(
            async () => (last = (await Cluster.Client.FindAsync(resource, @namespace)).Condition("Ready")).Field(".reason") == reason,
            () => $"{resource}: {last?.ToJsonString()}\n{operators.Log}");
        return last.Field(".message");
    }
}
