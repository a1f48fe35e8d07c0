using System.Text;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using KmsOperator.Aws;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Aws;

/// <summary>The fence below the real SDK client and above .NET's real HTTP handler, whose connection the test holds.</summary>
public sealed class WriteFenceHandlerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly FakeTimeProvider _time = new();
    private readonly Fence _fence = new();
    private readonly Connection _connection = new();
    private readonly SocketsHttpHandler _sockets;
    private readonly SharedHttp _http;
    private readonly AmazonKeyManagementServiceClient _kms;
    private Action _onConnect = () => { };

    public WriteFenceHandlerTests()
    {
        _sockets = new SocketsHttpHandler
        {
            ConnectCallback = (_, _) =>
            {
                _onConnect();
                return ValueTask.FromResult<Stream>(_connection);
            },
        };
        _http = new SharedHttp(new WriteFenceHandler(_fence, new AwsAccess(null, null, "us-east-1"), _sockets), TimeSpan.FromSeconds(15), _time);
        _kms = new AmazonKeyManagementServiceClient(
            new BasicAWSCredentials("test", "test"),
            new AmazonKeyManagementServiceConfig
            {
                HttpClientFactory = _http,
                ServiceURL = "http://kms.test",
                AuthenticationRegion = "eu-central-1",
                MaxErrorRetry = 0,
                MaxStaleConnectionRetries = 0,
            });
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _kms.Dispose();
        _http.Dispose();
        _sockets.Dispose();
        _connection.Dispose();
    }

    public static TheoryData<string, Func<IAmazonKeyManagementService, Task>> Writes => new()
    {
        { "CreateKey", kms => kms.CreateKeyAsync(new CreateKeyRequest(), Ct) },
        { "ReplicateKey", kms => kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = "1", ReplicaRegion = "eu-west-1" }, Ct) },
        { "CreateAlias", kms => kms.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/a", TargetKeyId = "1" }, Ct) },
        { "PutKeyPolicy", kms => kms.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = "1", Policy = "{}" }, Ct) },
        { "ScheduleKeyDeletion", kms => kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = "1" }, Ct) },
        { "TagResource", kms => kms.TagResourceAsync(new TagResourceRequest { KeyId = "1", Tags = [new Tag { TagKey = "a", TagValue = "b" }] }, Ct) },
        { "DisableKey", kms => kms.DisableKeyAsync(new DisableKeyRequest { KeyId = "1" }, Ct) },
    };

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task A_write_is_not_sent_when_the_fence_is_closed_and_is_known_not_to_have_been_sent(string operation, Func<IAmazonKeyManagementService, Task> call)
    {
        _fence.Close();

        var error = await Record.ExceptionAsync(() => call(_kms).WaitAsync(Patience, TimeProvider.System, Ct));

        AssertNotSent(operation, error);
        Assert.Empty(_connection.Sent);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task A_write_is_not_sent_where_the_fence_does_not_permit_it_although_it_is_open(string operation, Func<IAmazonKeyManagementService, Task> call)
    {
        _fence.Forbidden = (new AwsAccess(null, null, "us-east-1"), operation);

        var error = await Record.ExceptionAsync(() => call(_kms).WaitAsync(Patience, TimeProvider.System, Ct));

        AssertNotSent(operation, error);
        Assert.Empty(_connection.Sent);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task A_write_is_not_sent_when_the_fence_closes_while_the_connection_is_opened(string operation, Func<IAmazonKeyManagementService, Task> call)
    {
        _onConnect = _fence.Close;

        var error = await Record.ExceptionAsync(() => call(_kms).WaitAsync(Patience, TimeProvider.System, Ct));

        AssertNotSent(operation, error);
        Assert.DoesNotContain("{", _connection.Sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_of_a_key_waits_for_a_fresh_confirmation_and_other_writes_do_not()
    {
        _fence.IsFresh = false;
        var create = _kms.CreateKeyAsync(new CreateKeyRequest(), Ct);
        Assert.Empty(_connection.Sent);
        _connection.Answer("""{"KeyMetadata":{"KeyId":"1"}}""");

        _fence.Confirm();

        Assert.Equal("1", (await create.WaitAsync(Patience, TimeProvider.System, Ct)).KeyMetadata.KeyId);
        _fence.IsFresh = false;
        _connection.Answer("{}");
        await _kms.DisableKeyAsync(new DisableKeyRequest { KeyId = "1" }, Ct).WaitAsync(Patience, TimeProvider.System, Ct);
        Assert.Contains("""{"KeyId":"1"}""", _connection.Sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_is_sent_although_the_fence_is_closed()
    {
        _fence.Close();
        _connection.Answer("""{"KeyMetadata":{"KeyId":"1"}}""");

        var described = await _kms.DescribeKeyAsync(new DescribeKeyRequest { KeyId = "1" }, Ct).WaitAsync(Patience, TimeProvider.System, Ct);

        Assert.Equal("1", described.KeyMetadata.KeyId);
    }

    private static void AssertNotSent(string operation, Exception? error)
    {
        var failure = AwsFailure.Of(error!)!;
        Assert.Equal((AwsFailureKind.Unavailable, operation, true, false), (failure.Kind, failure.Operation, failure.WasNotSent, failure.EffectIsUnknown));
        Assert.IsType<WriteFencedException>(error);
    }

    private sealed class Fence : IWriteFence
    {
        private TaskCompletionSource _confirmed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsOpen { get; private set; } = true;

        public bool IsFresh { get; set; } = true;

        public (AwsAccess Access, string Operation)? Forbidden { get; set; }

        public bool Permits(AwsAccess access, string operation) => Forbidden != (access, operation);

        public Task WaitUntilFreshAsync(CancellationToken cancellationToken) => IsFresh || !IsOpen ? Task.CompletedTask : _confirmed.Task.WaitAsync(cancellationToken);

        public void Close() => (IsOpen, IsFresh) = (false, false);

        public void Confirm()
        {
            IsFresh = true;
            _confirmed.SetResult();
            _confirmed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>The server's end of the one connection: remembers what was sent, and gives its answer to each whole request.</summary>
    private sealed class Connection : Stream
    {
        private readonly Lock _lock = new();
        private readonly StringBuilder _sent = new();
        private readonly System.IO.Pipelines.Pipe _answers = new();
        private string _answer = "{}";

        public string Sent
        {
            get
            {
                lock (_lock)
                    return _sent.ToString();
            }
        }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Answer(string body) => _answer = body;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _answers.Reader.AsStream().ReadAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Receive(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Receive(buffer.Span);
            return ValueTask.CompletedTask;
        }

        private void Receive(ReadOnlySpan<byte> bytes)
        {
            var text = Encoding.ASCII.GetString(bytes);
            lock (_lock)
                _sent.Append(text);
            if (text.EndsWith('}'))
            {
                var head = $"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {_answer.Length}\r\n\r\n";
                _answers.Writer.AsStream().Write(Encoding.ASCII.GetBytes(head + _answer));
            }
        }
    }
}
