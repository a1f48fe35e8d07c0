using System.Net;
using Amazon;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using KmsOperator.Aws;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Aws;

/// <summary>The rate limiter below the real SDK client, above a transport that answers from a script.</summary>
public sealed class RateLimitingHandlerTests : IDisposable
{
    private const string Account = "111122223333";
    private const string Region = "eu-central-1";
    private const string Throttling = """{"__type":"ThrottlingException","message":"You have exceeded the rate at which you may call KMS."}""";

    private readonly FakeTimeProvider _time = new();
    private readonly RequestRateLimiter _limiter;
    private readonly Script _script = new();
    private readonly RateLimitingHandler _handler;
    private readonly SharedHttp _http;
    private readonly AmazonKeyManagementServiceClient _kms;

    public RateLimitingHandlerTests()
    {
        _limiter = new RequestRateLimiter(0.4, _time);
        _handler = new RateLimitingHandler(_limiter, Account, Region, _script);
        _http = new SharedHttp(_handler, TimeSpan.FromSeconds(15), _time);
        _kms = Client(_http);
    }

    public void Dispose()
    {
        _kms.Dispose();
        _http.Dispose();
        _handler.Dispose();
    }

    [Fact]
    public async Task A_call_above_the_rate_limit_is_answered_as_throttled_and_not_sent()
    {
        // 5/s × 0.4: a burst of two, and four more can wait two seconds.
        var calls = Enumerable.Range(0, 6).Select(_ => CreateAsync()).ToArray();

        var refused = await Assert.ThrowsAnyAsync<AmazonKeyManagementServiceException>(CreateAsync);

        var failure = AwsFailure.Of(refused, "CreateKey")!;
        Assert.Equal(AwsFailureKind.Throttled, failure.Kind);
        Assert.False(failure.EffectIsUnknown);
        Assert.Contains("operator's own rate limit for CreateKey", failure.Message, StringComparison.Ordinal);
        Assert.Contains(Account, failure.Message, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(2));
        await Task.WhenAll(calls);
        Assert.Equal(6, _script.Sent);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest, Throttling, 1, "KMS's own answer")]
    [InlineData(HttpStatusCode.BadRequest, """{"__type":"com.amazonaws.kms#ThrottlingException"}""", 1, "with a namespace")]
    [InlineData(HttpStatusCode.TooManyRequests, "<html>", 1, "a proxy's")]
    [InlineData(HttpStatusCode.BadRequest, """{"__type":"LimitExceededException","message":"no"}""", 2, "a quota of resources")]
    [InlineData(HttpStatusCode.BadRequest, "[1", 2, "an answer that nobody understands")]
    public async Task Only_real_throttling_slows_down(HttpStatusCode status, string body, double rate, string why)
    {
        _script.Answer = (status, body);

        await Assert.ThrowsAnyAsync<AmazonServiceException>(CreateAsync);

        Assert.True(_limiter.BucketOf(Account, Region, "CreateKey").Rate == rate, why);
    }

    [Fact]
    public async Task What_KMS_said_reaches_the_SDK_although_it_was_read_before()
    {
        _script.Answer = (HttpStatusCode.BadRequest, Throttling);

        var error = await Assert.ThrowsAnyAsync<AmazonKeyManagementServiceException>(CreateAsync);

        Assert.Equal("ThrottlingException", error.ErrorCode);
        Assert.Equal("You have exceeded the rate at which you may call KMS.", error.Message);
    }

    [Fact]
    public async Task Answers_bring_the_rate_back()
    {
        _script.Answer = (HttpStatusCode.BadRequest, Throttling);
        await Assert.ThrowsAnyAsync<AmazonServiceException>(CreateAsync);
        _script.Answer = Script.Created;
        _time.Advance(TimeSpan.FromSeconds(1));

        await CreateAsync();

        Assert.Equal(1.1, _limiter.BucketOf(Account, Region, "CreateKey").Rate, 6);
    }

    [Fact]
    public async Task A_call_that_is_not_answered_in_time_is_unavailable_and_was_sent_once()
    {
        _script.Silent = true;
        using var http = new SharedHttp(_handler, TimeSpan.FromSeconds(1), _time);
        using var kms = Client(http);

        var call = Record.ExceptionAsync(() => kms.CreateKeyAsync(new CreateKeyRequest(), CancellationToken.None));
        await _script.Received.Task;
        Assert.False(call.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(AwsFailureKind.Unavailable, AwsFailure.Of((await call)!)!.Kind);
        Assert.Equal(1, _script.Sent);
    }

    private Task<CreateKeyResponse> CreateAsync() => _kms.CreateKeyAsync(new CreateKeyRequest());

    private static AmazonKeyManagementServiceClient Client(SharedHttp http) => new(
        new BasicAWSCredentials("test", "test"),
        new AmazonKeyManagementServiceConfig
        {
            HttpClientFactory = http,
            RegionEndpoint = RegionEndpoint.EUCentral1,
            ThrottleRetries = false,
            MaxErrorRetry = 0,
            MaxStaleConnectionRetries = 0,
        });

    private sealed class Script : HttpMessageHandler
    {
        public static readonly (HttpStatusCode, string) Created = (HttpStatusCode.OK, """{"KeyMetadata":{"KeyId":"1"}}""");

        public (HttpStatusCode Status, string Body) Answer { get; set; } = Created;

        public bool Silent { get; set; }

        public int Sent { get; private set; }

        public TaskCompletionSource Received { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Sent++;
            Received.TrySetResult();
            if (Silent)
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            return new HttpResponseMessage(Answer.Status) { RequestMessage = request, Content = new StringContent(Answer.Body) };
        }
    }
}
