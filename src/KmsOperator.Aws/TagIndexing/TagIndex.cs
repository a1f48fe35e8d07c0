using System.Collections.Concurrent;
using System.Collections.Immutable;
using Amazon.KeyManagementService;
using KmsOperator.Api;

namespace KmsOperator.Aws;

/// <summary>
/// Finds the keys that undecided creation attempts left in one account and Region, by ListKeys and ListResourceTags. One scan
/// serves all undecided resources there. A key's tags are read again while they may still be incomplete, and from time to time, since
/// people correct them. Keys that were made or tagged just now are known also while KMS does not list them yet.
/// </summary>
public sealed class TagIndex
{
    /// <summary>
    /// How old a scan may be where nothing asks for a newer one. What this process has made since is known beside it, and while it leads no other instance of
    /// the operator makes keys there; so the keys that come with a large load share one scan.
    /// </summary>
    public static readonly TimeSpan UsualAge = TimeSpan.FromMinutes(5);

    // People correct owner tags by hand; a scan of an account with very many keys must not read all of their tags each time.
    private static readonly TimeSpan MaxTagAge = TimeSpan.FromHours(1);

    private readonly Func<IAmazonKeyManagementService> _kms;
    private readonly TimeProvider _time;
    private readonly TimeSpan _consistencyWindow;
    private readonly SingleFlight<TagIndexSnapshot> _scan;
    private readonly Action<DateTimeOffset>? _foundNoKey;
    private readonly ConcurrentDictionary<(string Cluster, string Owner), ImmutableHashSet<string>> _recorded = new();
    private ImmutableDictionary<string, SeenKey> _seen = ImmutableDictionary<string, SeenKey>.Empty;

    /// <summary>A scan that has seen nothing yet.</summary>
    /// <param name="kms">Gives the reading client of the Region.</param>
    /// <param name="time">The clock.</param>
    /// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
    /// <param name="foundNoKey">Told when a list of the Region's keys was read that was empty; null for nobody.</param>
    public TagIndex(Func<IAmazonKeyManagementService> kms, TimeProvider time, TimeSpan consistencyWindow, Action<DateTimeOffset>? foundNoKey = null)
    {
        _foundNoKey = foundNoKey;
        _kms = kms;
        _time = time;
        _consistencyWindow = consistencyWindow;
        _scan = new SingleFlight<TagIndexSnapshot>(time, ScanAsync);
    }

    /// <summary>The result of a scan that began at <paramref name="notBefore"/> or later.</summary>
    public async Task<TagIndexSnapshot> GetAsync(DateTimeOffset notBefore, CancellationToken cancellationToken) =>
        (await _scan.GetAsync(notBefore, cancellationToken)).Value;

    /// <summary>Remembers the tags of a key that was made or tagged just now: KMS may not show them yet.</summary>
    public void Record(string keyId, IReadOnlyDictionary<string, string> tags, DateTimeOffset now)
    {
        ImmutableInterlocked.Update(ref _seen, seen => seen.SetItem(keyId, SeenKey.Of(tags, now, now) with { WrittenAt = now }));
        if (tags.GetValueOrDefault(TagNames.Cluster) is { } cluster && tags.GetValueOrDefault(TagNames.Owner) is { } owner)
        {
            _recorded.AddOrUpdate((cluster, owner), _ => [keyId], (_, known) => known.Add(keyId));
        }
    }

    /// <summary>Keys that this process made or tagged for a resource lately, also after the scan that is at hand.</summary>
    public IReadOnlyCollection<string> RecordedFor(string cluster, string owner) => _recorded.GetValueOrDefault((cluster, owner)) ?? [];

    /// <summary>Whether this process made or tagged a key within the consistency window: what KMS shows of it may be older.</summary>
    public bool IsWrittenLately(string keyId) => _seen.TryGetValue(keyId, out var key) && key.IsOwnSince(_time.GetUtcNow() - _consistencyWindow);

    private async Task<TagIndexSnapshot> ScanAsync(DateTimeOffset startedAt)
    {
        var windowStart = startedAt - _consistencyWindow;
        var listed = await KeyListing.ListIdsAsync(_kms(), CancellationToken.None);

        if (listed.Count == 0)
        {
            _foundNoKey?.Invoke(startedAt);
        }

        // Not the scan's start: a key may have been made while the list was read.
        var listedAt = _time.GetUtcNow();
        ImmutableInterlocked.Update(ref _seen, seen => seen.SetItems(
            listed.Where(keyId => !seen.ContainsKey(keyId)).Select(keyId => KeyValuePair.Create(keyId, SeenKey.Unread(listedAt)))));
        var unlisted = _seen.Where(key => key.Value.IsOwnSince(windowStart)).Select(key => key.Key);
        var keyIds = listed.Union(unlisted).ToArray();
        var unreadable = new List<UnreadableKey>();
        foreach (var keyId in keyIds)
        {
            var known = _seen[keyId];
            if (known.IsSettled(startedAt, _consistencyWindow))
            {
                continue;
            }

            var readAt = _time.GetUtcNow();
            try
            {
                var tags = await KeyObserver.ListTagsAsync(_kms(), keyId, CancellationToken.None);
                Publish(keyId, SeenKey.Of(tags, known.FirstSeenAt, readAt), windowStart);
            }
            catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind == AwsFailureKind.AccessDenied)
            {
                unreadable.Add(new UnreadableKey(keyId, await CreationDateAsync(keyId), e.Message));
                Publish(keyId, SeenKey.Unread(known.FirstSeenAt), windowStart);
            }
            catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind == AwsFailureKind.NotFound)
            {
                Publish(keyId, SeenKey.Unread(known.FirstSeenAt), windowStart);
            }
        }

        ImmutableInterlocked.Update(
            ref _seen, seen => seen.RemoveRange(seen.Keys.Except(keyIds).Where(keyId => !seen[keyId].IsOwnSince(windowStart))));
        foreach (var (owner, recorded) in _recorded)
        {
            // This scan has listed them.
            if (!recorded.Any(keyId => _seen.TryGetValue(keyId, out var key) && key.IsOwnSince(windowStart)))
            {
                _recorded.TryRemove(KeyValuePair.Create(owner, recorded));
            }
        }

        return Result(startedAt, windowStart, keyIds, _seen, unreadable);
    }

    /// <summary>
    /// Keeps what was read at once, so that a scan that fails later need not read it again; whether it may serve another scan is for
    /// <see cref="SeenKey.IsSettled"/>. What this process wrote meanwhile stays: the read may be older, or show the state before.
    /// </summary>
    private void Publish(string keyId, SeenKey read, DateTimeOffset windowStart) => ImmutableInterlocked.Update(
        ref _seen, seen => seen.TryGetValue(keyId, out var known) && known.IsOwnSince(windowStart) ? seen : seen.SetItem(keyId, read));

    /// <summary>What a scan of <paramref name="keyIds"/> that has come to its end says.</summary>
    private static TagIndexSnapshot Result(
        DateTimeOffset startedAt, DateTimeOffset windowStart, string[] keyIds, ImmutableDictionary<string, SeenKey> seen, List<UnreadableKey> unreadable)
    {
        var byAttempt = new Dictionary<string, string>();
        var byOwner = new Dictionary<(string, string), List<string>>();
        var own = seen.Where(key => key.Value.IsOwnSince(windowStart)).Select(key => key.Key).ToImmutableHashSet();
        foreach (var keyId in keyIds.Union(own))
        {
            var known = seen[keyId];
            if (known.Attempt is { } attempt)
            {
                byAttempt[attempt] = keyId;
            }

            if (known is { Cluster: { } cluster, Owner: { } owner })
            {
                (byOwner.TryGetValue((cluster, owner), out var owned) ? owned : byOwner[(cluster, owner)] = []).Add(keyId);
            }
        }

        return new TagIndexSnapshot(startedAt, byAttempt, byOwner, [.. unreadable.Where(key => !own.Contains(key.KeyId))]) { WrittenLately = own };
    }

    private async Task<DateTimeOffset?> CreationDateAsync(string keyId)
    {
        try
        {
            return (await KeyObserver.DescribeAsync(_kms(), keyId, CancellationToken.None))?.CreationDate;
        }
        catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind == AwsFailureKind.AccessDenied)
        {
            return null;
        }
    }

    /// <param name="Attempt">Creation attempt, as the tags say.</param>
    /// <param name="Cluster">Cluster id, as the tags say.</param>
    /// <param name="Owner">Owner path, as the tags say.</param>
    /// <param name="FirstSeenAt">When the key was known to exist.</param>
    /// <param name="ReadAt">When the reading of the tags began; null while they are not known.</param>
    private sealed record SeenKey(string? Attempt, string? Cluster, string? Owner, DateTimeOffset FirstSeenAt, DateTimeOffset? ReadAt)
    {
        /// <summary>When this process wrote the tags; null if it did not.</summary>
        public DateTimeOffset? WrittenAt { get; init; }

        /// <summary>Whether this process wrote the tags at <paramref name="windowStart"/> or later: KMS may show older ones.</summary>
        public bool IsOwnSince(DateTimeOffset windowStart) => WrittenAt >= windowStart;

        /// <summary>
        /// Whether the tags need not be read: they are ours of just now, or complete and not old. Tags without an attempt are complete
        /// only when they were read a window after the key was there; how long ago that was says nothing.
        /// </summary>
        public bool IsSettled(DateTimeOffset now, TimeSpan window) =>
            IsOwnSince(now - window) || (ReadAt >= now - MaxTagAge && (Attempt is not null || ReadAt >= FirstSeenAt + window));

        public static SeenKey Of(IReadOnlyDictionary<string, string> tags, DateTimeOffset firstSeenAt, DateTimeOffset readAt) => new(
            tags.GetValueOrDefault(TagNames.Attempt), tags.GetValueOrDefault(TagNames.Cluster), tags.GetValueOrDefault(TagNames.Owner), firstSeenAt, readAt);

        public static SeenKey Unread(DateTimeOffset firstSeenAt) => new(null, null, null, firstSeenAt, null);
    }
}

/// <summary>What a scan found.</summary>
/// <param name="StartedAt">When it began.</param>
/// <param name="KeyIdByAttempt">Key id by creation attempt.</param>
/// <param name="KeyIdsByOwner">Key ids by cluster id and owner path, as their tags say, or said when they were read.</param>
/// <param name="Unreadable">Keys whose tags the operator may not read; one of them might be a missing one.</param>
public sealed record TagIndexSnapshot(
    DateTimeOffset StartedAt,
    IReadOnlyDictionary<string, string> KeyIdByAttempt,
    IReadOnlyDictionary<(string Cluster, string Owner), List<string>> KeyIdsByOwner,
    IReadOnlyList<UnreadableKey> Unreadable)
{
    /// <summary>Keys that this process made or tagged within the consistency window: what KMS shows of them may be older.</summary>
    public ImmutableHashSet<string> WrittenLately { get; init; } = [];
}

/// <summary>A key whose tags the operator may not read.</summary>
/// <param name="KeyId">Key id.</param>
/// <param name="CreationDate">When it was made; null if that may not be read either.</param>
/// <param name="Message">AWS's words.</param>
public sealed record UnreadableKey(string KeyId, DateTimeOffset? CreationDate, string Message);
