using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class LostMarksTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_whose_owner_tags_were_taken_off_is_found_again_after_the_status_was_erased()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: sqs"));
        await scenario.RestAsync();
        var key = (string)(await scenario.Aws.KeyAsync())["keyId"]!;
        await scenario.Aws.Kms().UntagResourceAsync(new UntagResourceRequest { KeyId = key, TagKeys = [TagNames.Owner, TagNames.Cluster, TagNames.Uid] }, Ct);
        var erased = new JsonObject();
        foreach (var (field, _) in scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!.AsObject())
            erased[field] = field == "observedGeneration" ? -1 : null;
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), new JsonObject { ["status"] = erased }.ToJsonString(), "status");
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), "{\"metadata\": {\"annotations\": {\"kms.servicekey.dev/reconcile-at\": \"now\"}}}");
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(key, scenario.Status("ServiceKey", "one", "keyId"));
        Assert.Equal("ServiceKey/team/one", (string?)(await scenario.Aws.KeyAsync())["tags"]![TagNames.Owner]);
    }
}
