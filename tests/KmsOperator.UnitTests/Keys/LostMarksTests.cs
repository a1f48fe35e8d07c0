using System.Text;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Testing.Running;
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

    [Theory]
    [InlineData(false, "the mark that KMS shows is not this deletion's")]
    [InlineData(true, "nor is it where the call that marks the key had no effect the first time")]
    public async Task A_key_is_marked_as_left_also_where_KMS_still_shows_an_earlier_mark(bool fails, string why)
    {
        var showsMark = false;
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = aws => new OldMarkHandler(aws, () => showsMark) });
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        // An earlier resource left the key, and this one has taken it back: KMS may show the mark for a while, and not as this process last saw it.
        showsMark = true;
        if (fails)
            await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "TagResource", "kind": "throttle"}""");
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.True((await scenario.Aws.KeyAsync())["tags"]![TagNames.Released] is not null, why);
    }

    /// <summary>KMS that shows the mark of an earlier resource at each key.</summary>
    private sealed class OldMarkHandler(HttpMessageHandler inner, Func<bool> isOn) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (!isOn() || AwsRequest.OperationOf(request) != "ListResourceTags")
                return answer;
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!.AsObject();
            body["Tags"]!.AsArray().Add(new JsonObject { ["TagKey"] = TagNames.Released, ["TagValue"] = "2026-01-01T00:00:00Z" });
            answer.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/x-amz-json-1.1");
            return answer;
        }
    }
}
