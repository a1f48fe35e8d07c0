using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

// What somebody else did is said in an event, besides being put right or left: docs/promises/truth.md names these tests.
public sealed partial class ScenarioTests
{
    private const string Foreign =
        """{"Version":"2012-10-17","Statement":[{"Sid":"Mine","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}""";

    // what somebody does, what the event's note says of it
    public static TheoryData<string, string> Drifts => new()
    {
        { "disable", "EnableKey: the key is disabled" },
        { "policy", "PutKeyPolicy: the key policy differs" },
        { "alias", "UpdateAlias: alias/{0}/s3 points at key {1}" },
        { "tag", "TagResource: team=a" },
        { "rotation", "EnableKeyRotation: every 365 days" },
        { "description", "UpdateKeyDescription: the description becomes \"KMS key for encrypting s3\"" },
    };

    [Theory]
    [MemberData(nameof(Drifts))]
    public async Task What_somebody_else_changed_is_said_in_an_event_and_put_right(string what, string note)
    {
        var token = TestContext.Current.CancellationToken;
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "tags: {team: a}"));
        var id = await ReadyAsync("sk/one");

        // Right after the operator's own writes: what is undone of them reads as before them.
        using var kms = operators.Kms();
        var other = (await kms.CreateKeyAsync(new CreateKeyRequest(), token)).KeyMetadata.KeyId;
        await (what switch
        {
            "disable" => kms.DisableKeyAsync(new DisableKeyRequest { KeyId = id }, token),
            "policy" => kms.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = id, Policy = Foreign }, token),
            "alias" => kms.UpdateAliasAsync(new UpdateAliasRequest { AliasName = $"alias/{_namespace}/s3", TargetKeyId = other }, token),
            "tag" => kms.UntagResourceAsync(new UntagResourceRequest { KeyId = id, TagKeys = ["team"] }, token),
            "rotation" => kms.DisableKeyRotationAsync(new DisableKeyRotationRequest { KeyId = id }, token),
            _ => (Task)kms.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = id, Description = "mine now" }, token),
        });
        await LookAsync("one");
        var expected = string.Format(null, note, _namespace, other);
        await EventAsync("one", "Warning", "Progressing", $"was changed by somebody else and is put right: {expected}");
        await ReadyAsync("sk/one");
        var key = Assert.Single(await operators.KeysOfAsync(_namespace));
        Assert.Equal("Enabled", State(key));
        Assert.Equal("a", Tag(key, "team"));
        Assert.True(key["rotation"]!["enabled"]!.GetValue<bool>());
        Assert.Single(key["aliases"]!.AsArray());
        Assert.DoesNotContain("\"Mine\"", key["policy"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("KMS key for encrypting s3", key["description"]!.GetValue<string>());
    }

    [Fact]
    public async Task Somebody_else_s_deletion_is_said_and_left_until_it_may_be_undone()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "deletionPolicy: Retain"));
        var id = await ReadyAsync("sk/one");
        using var kms = operators.Kms();
        await kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = id, PendingWindowInDays = 7 }, TestContext.Current.CancellationToken);
        await LookAsync("one");
        Assert.Contains("not by this operator", await ConditionAsync("sk/one", "False", "PendingDeletion", "Stalled"), StringComparison.Ordinal);
        await EventAsync("one", "Warning", "PendingDeletion", "was scheduled for deletion on ");
        await MetricAsync(scrape => scrape.Sum("kmsoperator_keys_pending_deletion") >= 1);
        Assert.Equal("PendingDeletion", State(Assert.Single(await operators.KeysOfAsync(_namespace))));

        await ApplyClassAsync("permissions: {undelete: Allow}");
        Assert.Equal(id, await ReadyAsync("sk/one"));
        Assert.Equal("Enabled", State(Assert.Single(await operators.KeysOfAsync(_namespace))));
        await EventAsync("one", null, "Progressing", "CancelKeyDeletion: the key is pending deletion");
    }

    [Fact]
    public async Task AccessDenied_in_the_first_minutes_is_tried_again_and_heals()
    {
        await FaultAsync("CreateAlias", "accessDenied");
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        await ReadyAsync("sk/one");
        await EventAsync("one", "Normal", "AccessDenied", "permissions may not have spread yet; it is tried again.");
        Assert.DoesNotContain(await EventsAsync("one"), found => found.Type == "Warning");
        Assert.Single(await operators.KeysOfAsync(_namespace));
    }

    /// <summary>Waits for an event about a ServiceKey.</summary>
    private async Task EventAsync(string name, string? type, string reason, string note)
    {
        (string Type, string Reason, string Note)[] last = [];
        await Eventually.TrueAsync(
            async () => (last = await EventsAsync(name)).Any(found =>
                (type is null || found.Type == type) && found.Reason == reason && found.Note.Contains(note, StringComparison.Ordinal)),
            () => $"No event {type} {reason} \"{note}\" but {string.Join("\n", last)}\n{operators.Log}",
            TimeSpan.FromSeconds(30));
    }

    private async Task<(string Type, string Reason, string Note)[]> EventsAsync(string name)
    {
        var list = (await Cluster.Client.SendAsync(HttpMethod.Get, $"/apis/events.k8s.io/v1/namespaces/{_namespace}/events")).EnsureSuccess();
        return
        [
            .. list["items"]!.AsArray().Where(item => item!["regarding"]!["name"]!.GetValue<string>() == name)
                .Select(item => (item!["type"]!.GetValue<string>(), item["reason"]!.GetValue<string>(), item["note"]!.GetValue<string>())),
        ];
    }

    /// <summary>Has the next call of an operation fail.</summary>
    private Task FaultAsync(string operation, string kind) =>
        operators.AdminAsync("/_sim/faults", new JsonObject { ["operation"] = operation, ["kind"] = kind, ["account"] = "123456789012" });
}
