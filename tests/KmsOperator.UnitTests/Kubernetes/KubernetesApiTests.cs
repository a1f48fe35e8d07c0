using System.Net;
using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class KubernetesApiTests : IDisposable
{
    private static readonly NamespacedName Key = new("ns", "a");
    private readonly TestThread _thread = new();
    private readonly ScriptedServer _server;
    private readonly KubernetesApi _api;

    public KubernetesApiTests()
    {
        _server = new(_thread);
        _api = _server.Api();
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _api.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void A_request_names_the_operator_and_keeps_the_servers_path()
    {
        var get = _thread.Start(() => _api.GetAsync(BuiltInTypes.ConfigMaps, Key, Ct));
        var request = _server.Next();
        request.Reply(Json.ConfigMap("a", 1));

        Assert.Equal("a", _thread.Finish(get)!.Metadata.Name);
        Assert.Equal("/prefix/api/v1/namespaces/ns/configmaps/a", request.Target);
        Assert.Equal("kms-operator/1.2.3", request.UserAgent);
    }

    [Fact]
    public void A_patch_whose_answer_nobody_reads_asks_for_metadata_only_as_a_large_object_costs_the_server_much()
    {
        var patch = _thread.Start(() => _api.MergePatchUnreadAsync(BuiltInTypes.ConfigMaps, Key, new JsonObject { ["data"] = null }, null, Ct));
        var request = _server.Next();
        request.Reply("not read");
        _thread.Finish(patch);

        Assert.Equal("application/json; as=PartialObjectMetadata; g=meta.k8s.io; v=v1, application/json", request.Accept);
    }

    [Fact]
    public void A_refused_request_carries_the_servers_words()
    {
        var create = _thread.Start(() => _api.CreateAsync(BuiltInTypes.ConfigMaps, new() { Metadata = new() { Namespace = "ns", Name = "a" } }, Ct));
        _server.Next().Reply(Json.Status(403, "Forbidden", "namespace is being terminated"), HttpStatusCode.Forbidden);

        var failure = Assert.Throws<KubernetesApiException>(() => _thread.Finish(create));

        Assert.True(failure.IsForbidden);
        Assert.Equal("Forbidden", failure.Reason);
        Assert.Equal("namespace is being terminated", failure.Message);
    }

    [Theory]
    [InlineData(false, "a Status that quotes what was refused")]
    [InlineData(true, "a body that is no Status, and nested deeper than JSON is read here")]
    public void The_message_of_a_refusal_is_shortened(bool isNested, string why)
    {
        var get = _thread.Start(() => _api.GetAsync(BuiltInTypes.ConfigMaps, Key, Ct));
        var body = isNested ? new string('[', 900_000) : Json.Status(422, "Invalid", new string('ü', 900_000));
        _server.Next().Reply(body, HttpStatusCode.UnprocessableEntity);

        var message = Assert.Throws<KubernetesApiException>(() => _thread.Finish(get)).Message;

        Assert.True(message.EndsWith('…') && System.Text.Encoding.UTF8.GetByteCount(message) <= 1024, why);
    }

    [Fact]
    public void Not_found_without_a_Status_is_an_error_since_the_kind_may_not_be_served()
    {
        var get = _thread.Start(() => _api.GetAsync(BuiltInTypes.ConfigMaps, Key, Ct));
        _server.Next().Reply("404 page not found", HttpStatusCode.NotFound);

        Assert.Equal("404 404 page not found", Assert.Throws<KubernetesApiException>(() => _thread.Finish(get)).Message);
    }

    [Fact]
    public void A_request_that_is_turned_away_for_a_while_is_sent_again_after_that_while()
    {
        var create = _thread.Start(() => _api.CreateAsync(BuiltInTypes.ConfigMaps, new() { Metadata = new() { Namespace = "ns", Name = "a" } }, Ct));
        var began = _thread.Clock.GetUtcNow();
        _server.Next().Reply(Json.Status(429, "TooManyRequests"), HttpStatusCode.TooManyRequests, retryAfter: 7);
        var again = _server.NextAfterWaiting();
        again.Reply(Json.ConfigMap("a", 1));
        _thread.Finish(create);

        Assert.Equal("POST", again.Method);
        Assert.Equal(TimeSpan.FromSeconds(7), _thread.Clock.GetUtcNow() - began);
    }

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests, 60, "too long to sit and wait: the caller's queue does that")]
    [InlineData(HttpStatusCode.TooManyRequests, null, "nobody said when")]
    [InlineData(HttpStatusCode.InternalServerError, 1, "it may have been done: only the caller knows what that means")]
    public void Other_failures_are_the_callers(HttpStatusCode status, int? retryAfter, string why)
    {
        var get = _thread.Start(() => _api.GetAsync(BuiltInTypes.ConfigMaps, Key, Ct));
        _server.Next().Reply(Json.Status((int)status, "No"), status, retryAfter);

        var failure = Assert.Throws<KubernetesApiException>(() => _thread.Finish(get));

        Assert.True(failure.RetryAfter?.TotalSeconds == retryAfter, why);
    }

    [Fact]
    public void A_server_that_does_not_answer_is_given_up()
    {
        var get = _thread.Start(() => _api.GetAsync(BuiltInTypes.ConfigMaps, Key, Ct));
        _server.Next();

        Assert.Equal(TimeSpan.FromSeconds(30), _thread.RunUntil(() => get.IsCompleted));
        Assert.Throws<TimeoutException>(() => _thread.Finish(get));
    }

    [Fact]
    public void An_applied_object_is_named_whatever_the_body_says_of_it()
    {
        var body = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["a"] = "b" } } };
        var apply = _thread.Start(() => _api.ApplyAsync(BuiltInTypes.ConfigMaps, Key, body, "kms-operator", null, true, Ct));
        var request = _server.Next();
        request.Reply(Json.ConfigMap("a", 1));
        _thread.Finish(apply);

        Assert.Equal("/prefix/api/v1/namespaces/ns/configmaps/a?fieldManager=kms-operator&force=true", request.Target);
        Assert.Equal("application/apply-patch+yaml", request.ContentType);
        Assert.Equal(
            """{"metadata":{"labels":{"a":"b"},"name":"a","namespace":"ns"},"apiVersion":"v1","kind":"ConfigMap"}""", request.Body);
        Assert.False(body.ContainsKey("kind"));
    }

    [Fact]
    public async Task A_key_that_does_not_fit_the_kind_is_refused_before_any_request()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _api.GetAsync(BuiltInTypes.Namespaces, Key, Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => _api.GetAsync(BuiltInTypes.ConfigMaps, new("", "a"), Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => _api.GetAsync(BuiltInTypes.ConfigMaps, new("ns", ""), Ct));
    }
}
