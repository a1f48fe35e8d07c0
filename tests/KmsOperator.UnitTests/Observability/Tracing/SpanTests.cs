using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using KmsOperator.Aws;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Observability.Tracing;

public sealed class SpanTests : IDisposable
{
    private const string Secret = "secret-policy-text";

    private readonly ActivitySource _source = new(nameof(SpanTests));
    private readonly Meter _meter = new(nameof(SpanTests));
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public SpanTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source == _source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _source.Dispose();
        _meter.Dispose();
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, """{"Policy":"secret-policy-text"}""", null, "a served call has no error")]
    [InlineData(HttpStatusCode.BadRequest, """{"__type":"ThrottlingException","message":"secret-policy-text"}""", "ThrottlingException", "AWS's own code")]
    [InlineData(HttpStatusCode.BadGateway, "<html>secret-policy-text</html>", "502", "no word of AWS's")]
    public async Task A_call_to_AWS_is_a_span_with_its_coordinates_and_nothing_that_was_sent(HttpStatusCode status, string body, string? code, string why)
    {
        using (var pass = _source.StartActivity("reconcile servicekey"))
        {
            await CallAsync(status, body);
        }

        var call = _ended.First();
        Assert.Equal("KMS.PutKeyPolicy", call.DisplayName);
        Assert.Equal(_ended.Last().SpanId, call.ParentSpanId);
        string[] expected = ["rpc.system=aws-api", "rpc.service=KMS", "rpc.method=PutKeyPolicy", "cloud.account.id=111122223333", "cloud.region=eu-central-1", .. code is null ? [] : (string[])[$"error.type={code}"]];
        var tags = call.TagObjects.Select(tag => $"{tag.Key}={tag.Value}").ToArray();
        Assert.True(expected.SequenceEqual(tags), $"{why}: {string.Join(", ", tags)}");
        Assert.DoesNotContain(Secret, string.Join(", ", tags) + call.StatusDescription, StringComparison.Ordinal);
        Assert.Equal(code is null ? ActivityStatusCode.Unset : ActivityStatusCode.Error, call.Status);
    }

    [Fact]
    public async Task Outside_of_a_reconciliation_a_call_has_no_span()
    {
        await CallAsync(HttpStatusCode.OK, "{}");

        Assert.Empty(_ended);
    }

    private async Task CallAsync(HttpStatusCode status, string body)
    {
        using var handler = new MetricsHandler(new RequestMetrics(_meter), "111122223333", "eu-central-1", new FakeTimeProvider(), new Fixed(status, body));
        using var invoker = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://kms.invalid/") { Content = new StringContent($$"""{"Policy":"{{Secret}}"}""") };
        request.Headers.Add("X-Amz-Target", "TrentService.PutKeyPolicy");
        using var response = await invoker.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private sealed class Fixed(HttpStatusCode status, string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body) });
    }
}
