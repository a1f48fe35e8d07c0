using System.Net;
using Amazon;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using KmsOperator.Api;
using KmsOperator.Aws;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Tag = Amazon.KeyManagementService.Model.Tag;

namespace KmsOperator.UnitTests.Aws;

public sealed class TagIndexTests : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    private static readonly Dictionary<string, string> Tags = new()
    {
        [TagNames.Attempt] = "attempt",
        [TagNames.Cluster] = "cluster",
        [TagNames.Owner] = "owner",
    };

    private readonly FakeTimeProvider _time = new();
    private readonly Account _account = new();
    private readonly TagIndex _scan;

    public TagIndexTests() => _scan = new(() => _account, _time, Window);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _account.Dispose();

    [Theory]
    [InlineData(2, "within the window")]
    [InlineData(6, "no scan came to its end within the window")]
    [InlineData(59, "nobody asked for an hour, nearly")]
    public async Task A_key_that_was_read_before_its_tags_showed_is_read_again_however_late_the_next_scan_is(int minutes, string why)
    {
        _account.Shows("k");
        Assert.Empty((await ScanAsync()).KeyIdByAttempt);

        _account.Shows("k", Tags);
        _time.Advance(TimeSpan.FromMinutes(minutes));

        Assert.True((await ScanAsync()).KeyIdByAttempt.GetValueOrDefault("attempt") == "k", why);
    }

    [Fact]
    public async Task A_key_is_new_when_the_list_that_shows_it_ends_and_not_when_the_scan_began()
    {
        // Made at the end of a list of two minutes, it has until minute seven to show its tags.
        _account.Shows("k");
        _account.BeforeListing = () => _time.Advance(TimeSpan.FromMinutes(2));
        await ScanAsync();
        _account.BeforeListing = null;
        _time.Advance(TimeSpan.FromMinutes(4));
        await ScanAsync();

        _account.Shows("k", Tags);
        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("k", (await ScanAsync()).KeyIdByAttempt["attempt"]);
    }

    [Fact]
    public async Task Tags_that_were_read_a_window_after_the_key_was_seen_are_read_again_only_after_an_hour()
    {
        _account.Shows("k");
        Assert.Equal(["k"], await ReadsOfScanAfterAsync(TimeSpan.Zero));
        Assert.Equal(["k"], await ReadsOfScanAfterAsync(Window));
        Assert.Empty(await ReadsOfScanAfterAsync(TimeSpan.FromMinutes(50)));
        Assert.Equal(["k"], await ReadsOfScanAfterAsync(TimeSpan.FromMinutes(11)));
    }

    [Theory]
    [InlineData("k", "its tags are just being read")]
    [InlineData("other", "its tags have been read already")]
    public async Task A_key_that_is_tagged_during_a_scan_is_known_by_that_scan_and_the_next_as_it_was_tagged(string held, string why)
    {
        _account.Shows("k");
        _account.Shows("other");
        var reading = _account.Hold(held);
        var scan = ScanAsync();
        await reading;
        _time.Advance(TimeSpan.FromMinutes(1));
        _scan.Record("k", Tags, _time.GetUtcNow());
        _account.Release();

        var result = await scan;
        Assert.True(result.KeyIdsByOwner.GetValueOrDefault(("cluster", "owner"))?.Single() == "k", why);
        Assert.Equal(["k"], result.WrittenLately);
        _time.Advance(TimeSpan.FromMinutes(1));
        result = await ScanAsync();
        Assert.True(result.KeyIdsByOwner.GetValueOrDefault(("cluster", "owner"))?.Single() == "k", why);
        Assert.Equal(["k"], result.WrittenLately);
    }

    [Fact]
    public async Task A_key_that_is_made_during_a_scan_is_known_although_KMS_did_not_list_it()
    {
        _account.Shows("other");
        var reading = _account.Hold("other");
        var scan = ScanAsync();
        await reading;
        _scan.Record("k", Tags, _time.GetUtcNow());
        _account.Release();

        Assert.Equal("k", (await scan).KeyIdByAttempt["attempt"]);
    }

    [Fact]
    public async Task A_key_that_is_tagged_during_a_scan_that_may_not_read_it_is_no_suspect()
    {
        _account.Shows("k");
        _account.Fails("k", "AccessDeniedException");
        var reading = _account.Hold("k");
        var scan = ScanAsync();
        await reading;
        _scan.Record("k", Tags, _time.GetUtcNow());
        _account.Release();

        Assert.Empty((await scan).Unreadable);
    }

    [Theory]
    [InlineData("ThrottlingException")]
    [InlineData("KMSInternalException")]
    public async Task A_scan_that_failed_has_no_result_and_the_next_one_goes_on_where_it_ended(string code)
    {
        _account.Shows("a");
        _account.Shows("b");
        _account.Shows("c");
        await ScanAsync();
        _account.Fails("c", code);
        _time.Advance(Window);
        await Assert.ThrowsAnyAsync<AmazonKeyManagementServiceException>(ScanAsync);

        _account.Answers("c");
        Assert.Equal(["c"], await ReadsOfScanAfterAsync(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task Of_a_first_scan_that_failed_it_counts_when_the_keys_were_seen()
    {
        _account.Shows("a");
        _account.Shows("b");
        _account.Fails("b", "ThrottlingException");
        await Assert.ThrowsAnyAsync<AmazonKeyManagementServiceException>(ScanAsync);

        // Never read so far, b needs no second read.
        _account.Answers("b");
        Assert.Equal(["a", "b"], await ReadsOfScanAfterAsync(Window));
        Assert.Empty(await ReadsOfScanAfterAsync(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task What_a_scan_that_failed_read_too_early_is_read_again()
    {
        _account.Shows("a");
        _account.Shows("b");
        _account.Fails("b", "ThrottlingException");
        await Assert.ThrowsAnyAsync<AmazonKeyManagementServiceException>(ScanAsync);

        _account.Answers("b");
        _account.Shows("a", Tags);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("a", (await ScanAsync()).KeyIdByAttempt["attempt"]);
    }

    [Theory]
    [InlineData("NotFoundException", 0, "gone, or not visible")]
    [InlineData("AccessDeniedException", 1, "it might be anybody's now")]
    [InlineData(null, 0, "not listed any more")]
    public async Task A_key_that_no_longer_shows_its_tags_is_nobody_s(string? code, int unreadable, string why)
    {
        _account.Shows("k", Tags);
        Assert.Equal(["k"], (await ScanAsync()).KeyIdsByOwner[("cluster", "owner")]);

        if (code is null)
            _account.Hides("k");
        else
            _account.Fails("k", code);
        _time.Advance(TimeSpan.FromHours(2));

        var result = await ScanAsync();
        Assert.True(result.KeyIdsByOwner.Count == 0 && result.KeyIdByAttempt.Count == 0, why);
        Assert.Equal(unreadable, result.Unreadable.Count);
    }

    private Task<TagIndexSnapshot> ScanAsync() => _scan.GetAsync(_time.GetUtcNow(), Ct);

    private async Task<string[]> ReadsOfScanAfterAsync(TimeSpan time)
    {
        _time.Advance(time);
        _account.Reads.Clear();
        await ScanAsync();
        return [.. _account.Reads];
    }

    /// <summary>A client whose account is what the test says.</summary>
    private sealed class Account() : AmazonKeyManagementServiceClient(new BasicAWSCredentials("test", "test"), RegionEndpoint.EUCentral1)
    {
        private readonly SortedDictionary<string, Dictionary<string, string>> _tags = [];
        private readonly Dictionary<string, string> _failures = [];
        private readonly TaskCompletionSource _reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private string? _held;

        /// <summary>The keys whose tags were read.</summary>
        public List<string> Reads { get; } = [];

        public Action? BeforeListing { get; set; }

        public void Shows(string keyId, Dictionary<string, string>? tags = null) => _tags[keyId] = tags ?? [];

        public void Hides(string keyId) => _tags.Remove(keyId);

        public void Fails(string keyId, string code) => _failures[keyId] = code;

        public void Answers(string keyId) => _failures.Remove(keyId);

        /// <summary>Withholds a key's tags until <see cref="Release"/>; ends when they are asked for.</summary>
        public Task Hold(string keyId)
        {
            _held = keyId;
            return _reading.Task;
        }

        public void Release() => _released.SetResult();

        public override Task<ListKeysResponse> ListKeysAsync(ListKeysRequest request, CancellationToken cancellationToken = default)
        {
            BeforeListing?.Invoke();
            return Task.FromResult(new ListKeysResponse { Keys = [.. _tags.Keys.Select(keyId => new KeyListEntry { KeyId = keyId })] });
        }

        public override async Task<ListResourceTagsResponse> ListResourceTagsAsync(ListResourceTagsRequest request, CancellationToken cancellationToken = default)
        {
            Reads.Add(request.KeyId);
            var tags = _tags[request.KeyId];
            if (request.KeyId == _held)
            {
                _reading.TrySetResult();
                await _released.Task;
            }

            return _failures.TryGetValue(request.KeyId, out var code)
                ? throw new AmazonKeyManagementServiceException("no", ErrorType.Unknown, code, "request", HttpStatusCode.BadRequest)
                : new ListResourceTagsResponse { Tags = [.. tags.Select(tag => new Tag { TagKey = tag.Key, TagValue = tag.Value })] };
        }

        public override Task<DescribeKeyResponse> DescribeKeyAsync(DescribeKeyRequest request, CancellationToken cancellationToken = default) =>
            throw new AmazonKeyManagementServiceException("no", ErrorType.Unknown, "AccessDeniedException", "request", HttpStatusCode.BadRequest);
    }
}
