using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class WritingTests
{
    private static readonly ResourceType<ServiceKey> ServiceKeys = new(
        ApiGroup.Name, ApiGroup.Version, ServiceKey.Plural, ServiceKey.KindName, true, ApiJsonContext.Default.ServiceKey, ApiJsonContext.Default.ResourceListServiceKey);

    private readonly InMemoryApi _api = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool, string> Statuses => new()
    {
        { """{"observedGeneration":1,"arn":"arn:1","conditions":[C1,C2]}""", false, "the same" },
        { """{"conditions":[C2,C1],"arn":"arn:1","observedGeneration":1}""", false, "in another order, which the server may keep from before" },
        { """{"observedGeneration":1.0,"arn":"arn:1","keyId":"","region":null,"conditions":[C1,C2]}""", false, "with empty fields, which are not written" },
        { """{"observedGeneration":2,"arn":"arn:1","conditions":[C1,C2]}""", true, "another number" },
        { """{"observedGeneration":1,"conditions":[C1,C2]}""", true, "a field less" },
        { """{"observedGeneration":1,"arn":"arn:1","keyId":"k","conditions":[C1,C2]}""", true, "a field more" },
        { """{"observedGeneration":1,"arn":"arn:1","conditions":[C1]}""", true, "an item less" },
        { """{"observedGeneration":1,"arn":"arn:1","conditions":[C1,C1]}""", true, "the same number of items, but not the same items" },
    };

    [Theory]
    [MemberData(nameof(Statuses))]
    public async Task A_status_is_written_only_if_it_says_something_else(string status, bool written, string why)
    {
        var current = await CurrentAsync();

        await _api.ApplyStatusAsync(ServiceKeys, current, Parse(status), Ct);

        Assert.True(_api.Requests.Any(request => request.Verb == "apply") == written, why);
    }

    [Fact]
    public async Task No_empty_string_is_ever_sent_since_an_old_server_takes_it_for_null()
    {
        var current = await CurrentAsync();

        await _api.ApplyStatusAsync(ServiceKeys, current, new() { ["arn"] = "", ["replicas"] = new JsonArray(new JsonObject { ["region"] = "r", ["arn"] = "" }) }, Ct);

        var body = _api.Requests.Single(request => request.Verb == "apply").Body;
        Assert.Equal("""{"metadata":{"resourceVersion":"1"},"status":{"replicas":[{"region":"r"}]}}""", body);
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_shortened_at_a_character_and_written_once()
    {
        var current = await CurrentAsync();
        JsonNode LongCondition()
        {
            var condition = JsonNode.Parse(Condition("Ready", "False"))!;
            condition["message"] = string.Concat(Enumerable.Repeat("🙂", 9_000));
            return condition;
        }
        JsonObject Status() => new()
        {
            ["arn"] = "arn:1",
            ["keyId"] = new string('k', 900_000),
            ["conditions"] = new JsonArray(LongCondition()),
        };

        var written = await _api.ApplyStatusAsync(ServiceKeys, current, Status(), Ct);
        await _api.ApplyStatusAsync(ServiceKeys, written, Status(), Ct);

        // Four bytes each, and three for the ellipsis.
        Assert.Equal(string.Concat(Enumerable.Repeat("🙂", (StatusBounds.LongestMessage - 3) / 4)) + "…", written.Status!.Conditions!.Single().Message);
        Assert.Equal(StatusBounds.LongestText, System.Text.Encoding.UTF8.GetByteCount(written.Status.KeyId!));
        Assert.Single(_api.Requests, request => request.Verb == "apply");
    }

    [Fact]
    public async Task A_status_of_a_stale_object_is_not_written()
    {
        var current = await CurrentAsync();
        await _api.MergePatchAsync(ServiceKeys, NamespacedName.Of(current), new() { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["a"] = "b" } } }, null, Ct);
        var status = new JsonObject { ["arn"] = "arn:2" };

        var failure = await Assert.ThrowsAsync<KubernetesApiException>(() => _api.ApplyStatusAsync(ServiceKeys, current, status, Ct));
        Assert.True(failure.IsConflict);
        Assert.Equal("arn:1", (await _api.GetAsync(ServiceKeys, NamespacedName.Of(current), Ct))!.Status!.Arn);
    }

    [Fact]
    public async Task Another_object_of_the_same_name_is_not_written()
    {
        var first = await CurrentAsync();
        await _api.DeleteAsync(ServiceKeys, NamespacedName.Of(first), null, null, Ct);
        await CurrentAsync();

        var failure = await Assert.ThrowsAsync<KubernetesApiException>(
            () => _api.ApplyStatusAsync(ServiceKeys, first, new() { ["arn"] = "arn:2" }, Ct));

        Assert.True(failure.IsConflict);
        Assert.Equal("arn:1", (await _api.GetAsync(ServiceKeys, NamespacedName.Of(first), Ct))!.Status!.Arn);
    }

    [Theory]
    [InlineData(false, "the apply drops the field")]
    [InlineData(true, "the apply is refused, and the patch in its place drops the field")]
    public async Task A_record_that_the_server_drops_is_no_record(bool applyRefused, string why)
    {
        var current = await CurrentAsync();
        _api.UnknownStatusField = "keyId";
        _api.Before = (verb, _) =>
        {
            if (applyRefused && verb == "apply")
                throw InMemoryApi.Failure(HttpStatusCode.UnprocessableEntity, "Invalid");
        };

        var failure = await Assert.ThrowsAsync<KubernetesApiException>(
            () => _api.ApplyStatusAsync(ServiceKeys, current, new() { ["keyId"] = "k" }, Ct));

        Assert.True(failure.Message.Contains("CRD of ServiceKey", StringComparison.Ordinal), $"{why}: {failure.Message}");
        Assert.Contains(".status.keyId", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Adding_a_finalizer_that_is_there_and_removing_one_that_is_not_make_no_call()
    {
        var current = await CurrentAsync();

        Assert.Same(current, await _api.AddFinalizerAsync(ServiceKeys, current, "theirs", Ct));
        Assert.Same(current, await _api.RemoveFinalizerAsync(ServiceKeys, current, "ours", Ct));

        Assert.Equal(["create"], _api.Requests.Select(request => request.Verb));
    }

    [Fact]
    public async Task A_finalizer_is_one_more_in_the_list_and_the_patch_names_the_version()
    {
        var current = await CurrentAsync();

        var with = await _api.AddFinalizerAsync(ServiceKeys, current, "ours", Ct);
        Assert.Equal("""{"metadata":{"resourceVersion":"1","finalizers":["theirs","ours"]}}""", _api.Requests[^1].Body);
        var without = await _api.RemoveFinalizerAsync(ServiceKeys, with, "ours", Ct);

        Assert.Equal(["theirs"], without!.Metadata.Finalizers);
    }

    private static JsonObject Parse(string status) => JsonNode.Parse(status
        .Replace("C1", Condition("Ready", "False"), StringComparison.Ordinal)
        .Replace("C2", Condition("Reconciling", "True"), StringComparison.Ordinal))!.AsObject();

    private static string Condition(string type, string status) =>
        $$"""{"type":"{{type}}","status":"{{status}}","observedGeneration":1,"lastTransitionTime":"2030-01-02T03:04:05Z","reason":"Progressing","message":"wait"}""";

    private Task<ServiceKey> CurrentAsync() => _api.CreateAsync(
        ServiceKeys,
        new()
        {
            Metadata = new() { Namespace = "ns", Name = "a", Finalizers = ["theirs"] },
            Status = Parse("""{"observedGeneration":1,"arn":"arn:1","conditions":[C1,C2]}""").Deserialize(ApiJsonContext.Default.KeyStatus),
        },
        Ct);
}
