using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using KmsOperator.Aws;
using KmsOperator.Hosting;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Aws;

/// <summary>The SDK's clients above a transport that plays STS and KMS in two Regions, one of which can be down.</summary>
public sealed class AwsClientsTests : IDisposable
{
    private const string Role = "arn:aws:iam::222222222222:role/kms-operator";
    private static readonly AwsAccess Frankfurt = new(Role, null, "eu-central-1");
    private static readonly AwsAccess Bahrain = new(Role, null, "me-south-1");
    private static readonly AwsAccess Own = new(null, null, "eu-central-1");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Regions _regions;
    private readonly AwsClients _clients;
    private readonly RegionalClientFactory _factory;

    public AwsClientsTests()
    {
        _regions = new Regions(_time);
        _clients = new AwsClients("session", time: _time, inProcess: new InProcessAws(_regions, new BasicAWSCredentials("ambient", "secret")));
        _factory = new RegionalClientFactory(_clients, _time, TimeSpan.FromMinutes(5));
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _clients.Dispose();
        _regions.Dispose();
    }

    [Theory]
    [InlineData(true, "the class of the broken Region was reconciled first")]
    [InlineData(false, "the class of the working Region was reconciled first")]
    public async Task An_outage_of_STS_in_one_Region_does_not_affect_a_class_of_another_Region(bool brokenFirst, string why)
    {
        _regions.Down = "me-south-1";
        foreach (var access in brokenFirst ? [Bahrain, Frankfurt] : (AwsAccess[])[Frankfurt, Bahrain])
        {
            var account = await Record.ExceptionAsync(() => _factory.GetAccountIdAsync(access, _time.GetUtcNow(), Ct));
            var key = await Record.ExceptionAsync(() => DescribeAsync(access));
            Assert.True((account is null, key is null) == (access == Frankfurt, access == Frankfurt), why);
        }

        _regions.Down = null;
        Assert.Equal("222222222222", await _factory.GetAccountIdAsync(Bahrain, _time.GetUtcNow(), Ct));
    }

    [Fact]
    public async Task Credentials_of_a_role_come_from_STS_of_the_Region_of_the_call_once_for_many_calls()
    {
        await DescribeAsync(Frankfurt);
        await DescribeAsync(Frankfurt);
        await DescribeAsync(Bahrain);

        Assert.Equal(["eu-central-1", "me-south-1"], _regions.AssumedIn);
    }

    [Fact]
    public async Task Credentials_are_renewed_five_minutes_before_they_expire()
    {
        await DescribeAsync(Frankfurt);
        _time.Advance(TimeSpan.FromMinutes(54));
        await DescribeAsync(Frankfurt);
        Assert.Single(_regions.AssumedIn);

        _time.Advance(TimeSpan.FromMinutes(1));
        await DescribeAsync(Frankfurt);

        Assert.Equal(2, _regions.AssumedIn.Count);
    }

    [Fact]
    public async Task Credentials_that_cannot_be_renewed_are_used_until_they_expire()
    {
        await DescribeAsync(Frankfurt);
        _regions.StsIsDown = true;

        _time.Advance(TimeSpan.FromMinutes(59));
        await DescribeAsync(Frankfurt);
        _time.Advance(TimeSpan.FromMinutes(1));

        await Assert.ThrowsAnyAsync<Exception>(() => DescribeAsync(Frankfurt));
    }

    [Fact]
    public async Task A_key_that_KMS_does_not_answer_for_is_given_up_after_fifteen_seconds()
    {
        await DescribeAsync(Frankfurt);
        _regions.KmsIsSilent = true;
        var call = DescribeAsync(Frankfurt);
        await _regions.Silence.Task;

        _time.Advance(TimeSpan.FromSeconds(14));
        Assert.False(call.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(AwsFailureKind.Unavailable, AwsFailure.Of((await Record.ExceptionAsync(() => call))!)!.Kind);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.ProxyAuthenticationRequired)]
    public async Task A_refusal_that_is_not_AWSs_is_tried_again(HttpStatusCode status)
    {
        _regions.Foreign = status;

        var kms = await Record.ExceptionAsync(() => DescribeAsync(Own));
        var sts = await Record.ExceptionAsync(() => AccountIdentity.GetAsync(_clients.For(Own).Sts, Ct));

        Assert.Equal((AwsFailureKind.Unavailable, AwsFailureKind.Unavailable), (AwsFailure.Of(kms!)!.Kind, AwsFailure.Of(sts!)!.Kind));
    }

    [Fact]
    public async Task Clients_of_an_account_that_was_idle_are_let_go_and_made_again_with_the_credentials_that_are_there()
    {
        await DescribeAsync(Frankfurt);
        var idle = _clients.For(Frankfurt).Reading;
        _time.Advance(TimeSpan.FromSeconds(5));
        await DescribeAsync(Bahrain);
        var busy = _clients.For(Bahrain).Reading;

        _clients.ReleaseIdle(TimeSpan.FromSeconds(5));
        await DescribeAsync(Frankfurt);

        Assert.NotSame(idle, _clients.For(Frankfurt).Reading);
        Assert.Same(busy, _clients.For(Bahrain).Reading);
        Assert.Equal(["eu-central-1", "me-south-1"], _regions.AssumedIn);
    }

    [Fact]
    public void Idle_clients_under_another_fence_are_let_go_too_until_they_are_disposed()
    {
        using var others = _clients.Under(new ClosedFence());
        var idle = others.For(Frankfurt).Reading;

        _clients.ReleaseIdle(TimeSpan.Zero);

        Assert.NotSame(idle, others.For(Frankfurt).Reading);
    }

    [Fact]
    public void The_thread_that_made_clients_does_not_keep_them_when_nobody_else_does()
    {
        var clients = MakeAndForget();

        GC.Collect();

        Assert.False(clients.IsAlive, "each operator of the simulation would stay in memory");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference MakeAndForget()
    {
        var transport = new Rememberer();
        var clients = new AwsClients("session", inProcess: new InProcessAws(transport, new BasicAWSCredentials("ambient", "secret")));
        transport.Clients = clients;
        _ = clients.For(Own).Reading;
        clients.Dispose();
        return new WeakReference(clients);
    }

    private Task<DescribeKeyResponse> DescribeAsync(AwsAccess access) =>
        _clients.For(access).Reading.DescribeKeyAsync(new DescribeKeyRequest { KeyId = "1" }, Ct);

    /// <summary>A transport that knows the clients above it, as the simulation's does.</summary>
    private sealed class Rememberer : HttpMessageHandler
    {
        public AwsClients? Clients { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class Regions(TimeProvider time) : HttpMessageHandler
    {
        /// <summary>A Region whose endpoints reset each connection.</summary>
        public string? Down { get; set; }

        public bool StsIsDown { get; set; }

        public bool KmsIsSilent { get; set; }

        /// <summary>What something before AWS answers in its place, with a page for people.</summary>
        public HttpStatusCode? Foreign { get; set; }

        public TaskCompletionSource Silence { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<string> AssumedIn { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.Host.Split('.') is not [var service, var region, "amazonaws", "com"])
                throw new InvalidOperationException($"Nobody is at {request.RequestUri}.");
            if (region == Down || (service == "sts" && StsIsDown))
                throw new HttpRequestException("Connection reset by peer.");
            if (Foreign is { } status)
                return new(status) { RequestMessage = request, Content = new StringContent("<html><body>Blocked.</body></html>") };
            if (service == "kms")
            {
                if (KmsIsSilent)
                {
                    Silence.TrySetResult();
                    await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
                }
                return new(HttpStatusCode.OK) { RequestMessage = request, Content = new StringContent("""{"KeyMetadata":{"KeyId":"1"}}""") };
            }
            var form = await request.Content!.ReadAsStringAsync(cancellationToken);
            if (!form.Contains("Action=AssumeRole", StringComparison.Ordinal))
                return Answer(request, "GetCallerIdentity", "<Account>222222222222</Account>");
            AssumedIn.Add(region);
            var expiration = time.GetUtcNow().AddHours(1).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            return Answer(
                request,
                "AssumeRole",
                $"<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken><Expiration>{expiration}</Expiration></Credentials>");
        }

        private static HttpResponseMessage Answer(HttpRequestMessage request, string action, string result) => new(HttpStatusCode.OK)
        {
            RequestMessage = request,
            Content = new StringContent(
                $"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>{result}</{action}Result></{action}Response>"""),
        };
    }
}
