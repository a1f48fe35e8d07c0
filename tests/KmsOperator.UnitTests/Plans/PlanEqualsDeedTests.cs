using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using CsCheck;
using KmsOperator.Plans.Steps;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Plans;

/// <summary>
/// What a plan shows is what the operator then does: over pairs of a spec and a state of AWS, the calls of the plan are the writes that KMS saw, and a plan
/// afterwards is empty.
/// </summary>
public sealed class PlanEqualsDeedTests
{
    private const string ClassFields = "permissions: {adoption: Allow, aliasTakeOver: Allow, undelete: Allow}";

    // More of them on demand: PLAN_CASES=1000.
    private static readonly uint Cases = uint.TryParse(Environment.GetEnvironmentVariable("PLAN_CASES"), out var cases) ? cases : 25;

    private static readonly Gen<string[]> GenSpec =
        from description in Gen.OneOf("", "description: first", "description: second")
        from tags in Gen.OneOf("", "tags: {team: a}", "tags: {team: b, cost: c}")
        from alias in Gen.OneOf("", "alias: alias/one", "alias: alias/two")
        from takeOver in Gen.OneOf("", "takeOverAlias: true")
        from enabled in Gen.OneOf("", "", "enabled: false")
        from rotation in Gen.OneOf("", "rotation: {enabled: false}", "rotation: {enabled: true, periodDays: 100}")
        from access in Gen.OneOf("", "access: {users: [App]}", "access: {trustedAccounts: [\"999999999999\"]}")
        from grants in Gen.OneOf(
            "", "", "grants: [{name: a, granteePrincipal: App, operations: [Decrypt]}]",
            "grants: [{name: a, granteePrincipal: App, operations: [Encrypt]}, {name: b, granteePrincipal: \"arn:aws:iam::999999999999:role/Theirs\", operations: [Decrypt, Encrypt]}]")
        from retain in Gen.OneOf("", "deletionPolicy: Retain")
        select new[] { description, tags, alias, takeOver, enabled, rotation, access, grants, retain }.Where(field => field.Length > 0).ToArray();

    // A key is single-Region or not for all its life, and its replicas come and go.
    private static readonly Gen<(bool MultiRegion, string[] Before, string[] After, string RegionsBefore, string RegionsAfter, Drift[] Drifts, bool Exists, bool IsDeleted)> GenCase =
        from multiRegion in Gen.Frequency((1, Gen.Const(false)), (1, Gen.Const(true)))
        from before in GenSpec
        from after in GenSpec
        from regionsBefore in Gen.OneOf("[]", "[eu-west-1]", "[eu-west-1]; primaryRegion: eu-west-1")
        from regionsAfter in Gen.OneOf(
            "[]", "[eu-west-1]", "[eu-west-1, us-west-2]", "[eu-west-1]; primaryRegion: us-east-1", "[eu-west-1]; primaryRegion: eu-west-1", "[eu-west-1, us-west-2]; primaryRegion: us-west-2")
        from drifts in Gen.Enum<Drift>().Array[0, 3]
        from exists in Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false)))
        from isDeleted in Gen.Frequency((8, Gen.Const(false)), (1, Gen.Const(true)))
        select (multiRegion, before, after, regionsBefore, regionsAfter, drifts, exists, isDeleted);

    private enum Drift
    {
        Description,
        Policy,
        TagChanged,
        TagAdded,
        AliasGone,
        AliasElsewhere,
        WantedAliasIsAnothers,
        Disabled,
        RotationOff,
        DeletionScheduled,
        GrantsRevoked,
        EqualGrantMade,
        PrimaryMoved,
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_calls_of_a_plan_are_the_writes_of_the_operator_and_a_plan_afterwards_is_empty()
    {
        for (var number = 1u; number <= Cases; number++)
        {
            // The same cases in every run: a failure names one that can be repeated.
            var one = GenCase.Generate(new PCG(number, number), null, out _);
            try
            {
                await CheckAsync(one.MultiRegion, one.Before, one.After, one.RegionsBefore, one.RegionsAfter, one.Drifts, one.Exists, one.IsDeleted);
            }
            catch (Exception e)
            {
                Assert.Fail(
                    $"Case {number}: {(one.Exists ? $"[{string.Join("; ", one.Before)}] {one.RegionsBefore}" : "nothing")} becomes "
                    + $"{(one.IsDeleted ? "deleted" : $"[{string.Join("; ", one.After)}] {one.RegionsAfter}")}, multi-Region {one.MultiRegion}, drift {string.Join(", ", one.Drifts)}: {e}");
            }
        }
    }

    private static async Task CheckAsync(
        bool multiRegion, string[] before, string[] after, string regionsBefore, string regionsAfter, Drift[] drifts, bool exists, bool isDeleted)
    {
        string Manifest(string[] fields, string regions) =>
            Scenario.Key("orders", [.. fields, "service: sqs", .. multiRegion ? $"multiRegion: true; replicaRegions: {regions}".Split("; ") : []]);

        using var scenario = await Scenario.StartAsync(ClassFields);
        var op = scenario.Operator;
        if (exists)
        {
            await scenario.ApplyAsync(Manifest(before, regionsBefore));
            await op.SettleAsync(TimeSpan.FromMinutes(1));
        }

        op.Kill();
        foreach (var drift in drifts)
        {
            await ApplyAsync(scenario, drift, exists);
        }

        string? manifests;
        if (exists && isDeleted)
        {
            manifests = null;
            scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "orders"));
        }
        else
        {
            manifests = Manifest(after, regionsAfter);
        }

        var plan = await op.PlanAsync(manifests);
        var offset = (await scenario.Aws.WritesAsync()).Count;

        if (manifests is not null)
        {
            scenario.User.Apply(manifests, Scenario.Namespace);
        }

        Request(scenario, "1");
        op.Start();
        await op.SettleAsync(TimeSpan.FromMinutes(7));
        var deeds = (await scenario.Aws.WritesAsync()).Skip(offset).ToArray();

        // KMS does not show the rotation of a key that is pending deletion, and moves no such primary, so a plan cannot have what follows for it; its step says so.
        if (plan.Resources.Any(resource => resource.Operations().Contains("CancelKeyDeletion")))
        {
            deeds = [.. deeds.Where(deed => deed.Operation is not ("EnableKeyRotation" or "DisableKeyRotation" or "UpdatePrimaryRegion"))];
        }

        var owners = (await scenario.Aws.KeysAsync()).ToDictionary(key => (string)key["arn"]!, key => (string?)key["tags"]!["servicekey.dev/owner"] ?? "");
        foreach (var resource in plan.Resources)
        {
            var path = $"{resource.Kind}/{resource.Key}";

            // KMS records ReplicateKey for the primary, whoever the replica is for.
            var planned = resource.Operations().Where(operation => operation != "ReplicateKey").ToArray();
            var done = deeds.Where(deed => deed.Operation != "ReplicateKey" && owners.GetValueOrDefault(deed.Key ?? "") == path).Select(deed => deed.Operation).ToArray();
            Assert.True(planned.SequenceEqual(done), $"{path}: planned {string.Join(", ", planned)}, done {string.Join(", ", done)}; {resource.Outcome} {resource.Reason}: {resource.Message}");
        }

        Assert.Equal(
            plan.Resources.SelectMany(resource => resource.Operations()).Order(StringComparer.Ordinal), deeds.Select(deed => deed.Operation).Order(StringComparer.Ordinal));
        await AssertDetailsAsync(scenario, plan);

        op.Kill();
        var again = await op.PlanAsync();
        Assert.True(!again.HasChanges, string.Join("; ", again.Resources.SelectMany(resource => resource.Steps.Select(step => $"{resource.Name} {step.Operation}"))));
        op.Start();
    }

    /// <summary>What the last planned call of each kind says is what KMS has.</summary>
    private static async Task AssertDetailsAsync(Scenario scenario, PlanReport plan)
    {
        var keys = await scenario.Aws.KeysAsync();
        foreach (var resource in plan.Resources.Where(resource => resource.Outcome == PlannedOutcome.Ready))
        {
            var key = keys.Single(key => (string?)key["tags"]!["servicekey.dev/owner"] == $"{resource.Kind}/{resource.Key}");
            foreach (var change in resource.Steps.SelectMany(step => step.Changes).Where(change => change.After?.StartsWith('(') == false))
            {
                var actual = change.Subject switch
                {
                    "description" => (string?)key["description"],
                    _ when change.Subject.StartsWith("tag ", StringComparison.Ordinal) => (string?)key["tags"]![change.Subject["tag ".Length..]],
                    _ => null,
                };
                Assert.True(actual is null || actual == change.After, $"{resource.Name}: {change}, but KMS has {actual}");
            }

            foreach (var alias in resource.Steps.Where(step => step.Operation is "CreateAlias" or "UpdateAlias").Select(step => step.Changes[0].Subject))
            {
                Assert.Contains(alias, Scenario.Aliases(key));
            }
        }
    }

    private static async Task ApplyAsync(Scenario scenario, Drift drift, bool exists)
    {
        var kms = scenario.Aws.Kms();
        var key = (await scenario.Aws.KeysAsync()).FirstOrDefault(key => (string?)key["region"] == "us-east-1" && ((string?)key["tags"]!["servicekey.dev/owner"])?.EndsWith("/orders", StringComparison.Ordinal) == true);
        var keyId = (string?)key?["keyId"];
        if (drift == Drift.WantedAliasIsAnothers)
        {
            // Another key has a name that a spec may ask for.
            var other = (await kms.CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
            if (!(await scenario.Aws.KeysAsync()).Any(one => Scenario.Aliases(one).Contains("alias/two")))
            {
                await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/two", TargetKeyId = other }, Ct);
            }

            return;
        }

        if (!exists || keyId is null || (string?)key!["keyState"] is "PendingDeletion" or "PendingReplicaDeletion")
        {
            return;
        }

        switch (drift)
        {
            case Drift.Description:
                await kms.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = keyId, Description = "by hand" }, Ct);
                break;
            case Drift.Policy:
                var policy = JsonNode.Parse((string)key["policy"]!)!;
                policy["Statement"]!.AsArray().RemoveAt(policy["Statement"]!.AsArray().Count - 1);
                await kms.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = keyId, PolicyName = "default", Policy = policy.ToJsonString() }, Ct);
                break;
            case Drift.TagChanged:
                await kms.TagResourceAsync(new TagResourceRequest { KeyId = keyId, Tags = [new Tag { TagKey = "Name", TagValue = "by hand" }] }, Ct);
                break;
            case Drift.TagAdded:
                await kms.TagResourceAsync(new TagResourceRequest { KeyId = keyId, Tags = [new Tag { TagKey = "stranger", TagValue = "by hand" }] }, Ct);
                break;
            case Drift.AliasGone:
                foreach (var name in Scenario.Aliases(key))
                {
                    await kms.DeleteAliasAsync(new DeleteAliasRequest { AliasName = name }, Ct);
                }

                break;
            case Drift.AliasElsewhere:
                var target = (await kms.CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
                foreach (var name in Scenario.Aliases(key))
                {
                    await kms.UpdateAliasAsync(new UpdateAliasRequest { AliasName = name, TargetKeyId = target }, Ct);
                }

                break;
            case Drift.Disabled:
                await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = keyId }, Ct);
                break;
            case Drift.RotationOff when (string?)key["keyState"] == "Enabled" && await PrimaryRegionAsync(kms, keyId) is null or "us-east-1":
                await kms.DisableKeyRotationAsync(new DisableKeyRotationRequest { KeyId = keyId }, Ct);
                break;
            case Drift.GrantsRevoked:
                foreach (var grant in (await kms.ListGrantsAsync(new ListGrantsRequest { KeyId = keyId }, Ct)).Grants ?? [])
                {
                    await kms.RevokeGrantAsync(new RevokeGrantRequest { KeyId = keyId, GrantId = grant.GrantId }, Ct);
                }

                break;
            case Drift.EqualGrantMade when (string?)key["keyState"] == "Enabled":
                // As the specs have them, under a name that others gave.
                foreach (var operation in (string[])["Decrypt", "Encrypt"])
                {
                    await kms.CreateGrantAsync(
                        new CreateGrantRequest { KeyId = keyId, Name = $"theirs-{operation}", GranteePrincipal = "arn:aws:iam::123456789012:role/App", Operations = [operation] }, Ct);
                }

                break;
            case Drift.PrimaryMoved when (string?)key["keyState"] == "Enabled" && await PrimaryRegionAsync(kms, keyId) == "us-east-1"
                && (await scenario.Aws.KeysAsync()).Any(other => (string?)other["keyId"] == keyId && (string?)other["region"] == "eu-west-1"):
                await kms.UpdatePrimaryRegionAsync(new UpdatePrimaryRegionRequest { KeyId = keyId, PrimaryRegion = "eu-west-1" }, Ct);
                await scenario.Operator.SettleAsync();
                break;
            case Drift.DeletionScheduled:
                await kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = keyId, PendingWindowInDays = 30 }, Ct);
                break;
            default:
                break;
        }
    }

    private static async Task<string?> PrimaryRegionAsync(IAmazonKeyManagementService kms, string keyId) =>
        (await kms.DescribeKeyAsync(keyId, Ct)).KeyMetadata.MultiRegionConfiguration?.PrimaryKey.Region;

    /// <summary>Asks for a comparison of everything with AWS, which an operator that has just started would put off.</summary>
    private static void Request(Scenario scenario, string at)
    {
        foreach (var kind in (string[])["ServiceKey", "KeyReplica"])
        {
            foreach (var resource in scenario.User.List(kind))
            {
                scenario.User.Annotate(kind, Scenario.Id(kind, (string)resource["metadata"]!["name"]!), "kms.servicekey.dev/reconcile-at", at);
            }
        }
    }
}
