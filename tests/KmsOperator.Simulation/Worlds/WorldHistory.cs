using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Status;
using KmsOperator.Planning;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Worlds;

/// <summary>What happened that the present state does not show any more and that promises need to know.</summary>
internal sealed class WorldHistory(SimulatedWorld world)
{
    private static readonly TimeSpan TooLate = TimeSpan.FromSeconds(5);

    // A decision to leave a key as it is may be that old.
    private static readonly TimeSpan OldestDecision = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, DateTimeOffset> _deletionWanted = [];
    private readonly Dictionary<string, bool> _lastWish = [];
    private readonly Dictionary<string, bool> _lastLeftAsItIs = [];
    private readonly Dictionary<string, DeletionWish> _lastPolicy = [];
    private readonly HashSet<string> _enabledByPeople = [];
    private readonly Dictionary<string, string> _madeFor = [];
    private readonly Dictionary<(string Region, string Alias), AliasMaker> _aliasesMadeFor = [];
    private readonly HashSet<string> _excused = [];
    private readonly Dictionary<string, HashSet<string>> _rotateAt = [];
    private readonly Dictionary<string, int> _rotationRecordsErased = [];
    private readonly Dictionary<string, HashSet<string>> _lives = [];
    private readonly List<string> _releases = [];
    private readonly Dictionary<string, (string Uid, string? KeyId, DateTimeOffset Since)> _named = [];
    private readonly Dictionary<string, (bool Adopts, DateTimeOffset Since)> _adopting = [];
    private readonly HashSet<(string Uid, string KeyId)> _adopted = [];
    private readonly HashSet<string> _scheduledByPeople = [];
    private readonly Dictionary<string, DateTimeOffset> _cancelledByPeople = [];
    private readonly Dictionary<string, DateTimeOffset> _movedByPeople = [];
    private readonly Dictionary<string, DateTimeOffset> _movedLate = [];
    private readonly Dictionary<(OperatorProcess Sender, string For, string Region), List<DateTimeOffset>> _looks = [];
    private readonly Dictionary<string, OperatorProcess> _statusWriters = [];
    private readonly Dictionary<string, OperatorProcess> _attemptWriters = [];
    private readonly Dictionary<(string Uid, string Alias), OperatorProcess?> _unrecordedAliases = [];
    private readonly Dictionary<string, OperatorProcess?> _unrecordedKeys = [];
    private readonly Dictionary<string, DateTimeOffset> _overwrittenAt = [];
    private readonly HashSet<string> _unmarkedByPeople = [];
    private readonly HashSet<string> _destroyed = [];
    private readonly Dictionary<string, string> _lostKeys = [];
    private readonly Dictionary<string, DateTimeOffset> _replacementWanted = [];
    private readonly Dictionary<string, (OperatorProcess By, DateTimeOffset At)> _markedAgain = [];
    private readonly HashSet<(string Region, string KeyId)> _marksRefused = [];
    private readonly HashSet<(string Region, string KeyId)> _enablesRefused = [];
    private readonly HashSet<(string Region, string KeyId)> _markedLate = [];
    private readonly HashSet<string> _tagsUnread = [];
    private readonly HashSet<string> _claimedByForgery = [];
    private readonly Dictionary<(string Region, string KeyId), DateTimeOffset?> _leftUntouched = [];
    private readonly HashSet<string> _attemptsLeft = [];

    /// <summary>When somebody who is not the operator last changed something.</summary>
    public DateTimeOffset LastDisturbance { get; private set; }

    /// <summary>When people last restored the API server from a backup; the beginning of time if never.</summary>
    public DateTimeOffset RestoredAt { get; private set; }

    /// <summary>How many writes operators have sent to AWS that had an effect.</summary>
    public int OperatorWrites { get; private set; }

    /// <summary>Aliases that operators made, with the resource they were made for last.</summary>
    public IReadOnlyDictionary<(string Region, string Alias), AliasMaker> AliasesMadeFor => _aliasesMadeFor;

    /// <summary>When a resource was last being deleted with its key to be deleted, too; null if never.</summary>
    public DateTimeOffset? DeletionWantedAt(string path) => _deletionWanted.TryGetValue(path, out var at) ? at : null;

    /// <summary>Whether a resource was to take its key with it when it was last seen; null if nobody has seen it.</summary>
    public bool? LastWish(string path) => _lastWish.TryGetValue(path, out var wish) ? wish : null;

    /// <summary>The deletion policy of the resource of a path that was last seen; null if nobody has seen one.</summary>
    public DeletionWish? LastPolicy(string path) => _lastPolicy.GetValueOrDefault(path);

    /// <summary>Whether people have ever enabled a key.</summary>
    public bool IsEnabledByPeople(string keyId) => _enabledByPeople.Contains(keyId);

    /// <summary>People enabled a key.</summary>
    public void EnabledByPeople(string keyId) => _enabledByPeople.Add(keyId);

    /// <summary>Whether a resource, by its uid, was to leave its key as it is when it was last seen.</summary>
    public bool IsLastLeftAsItIs(string uid) => _lastLeftAsItIs.GetValueOrDefault(uid);

    /// <summary>The resource that an operator made a key for; null when somebody else made it.</summary>
    public string? MadeFor(string keyId) => _madeFor.GetValueOrDefault(keyId);

    /// <summary>Whether people did to a resource what no operator can mend: they took the finalizer off, or restored an older cluster.</summary>
    public bool IsExcused(string path) => _excused.Contains(path) || _excused.Contains("*");

    /// <summary>Excuses a resource, or all of them (<c>*</c>).</summary>
    public void Excuse(string path) => _excused.Add(path);

    /// <summary>Whether people themselves scheduled a key's deletion.</summary>
    public bool IsScheduledByPeople(string keyId) => _scheduledByPeople.Contains(keyId);

    /// <summary>People scheduled a key's deletion.</summary>
    public void ScheduledByPeople(string keyId) => _scheduledByPeople.Add(keyId);

    /// <summary>Whether people cancelled a key's deletion.</summary>
    public bool IsDeletionCancelledByPeople(string keyId) => _cancelledByPeople.ContainsKey(keyId);

    /// <summary>Whether people cancelled a key's deletion after a time.</summary>
    public bool IsDeletionCancelledByPeopleSince(string keyId, DateTimeOffset time) => _cancelledByPeople.TryGetValue(keyId, out var at) && at >= time;

    /// <summary>People cancelled a key's deletion.</summary>
    public void DeletionCancelledByPeople(string keyId) => _cancelledByPeople[keyId] = world.Now;

    /// <summary>Whether people moved the primary of a multi-Region key after a time.</summary>
    public bool IsMovedByPeopleSince(string keyId, DateTimeOffset time) => _movedByPeople.TryGetValue(keyId, out var at) && at >= time;

    /// <summary>Whether an operator's call moved the primary of a multi-Region key after a time, and after AWS's time limit: the operator had no answer to it.</summary>
    public bool IsMovedLateSince(string keyId, DateTimeOffset time) => _movedLate.TryGetValue(keyId, out var at) && at >= time;

    /// <summary>People moved the primary of a multi-Region key.</summary>
    public void MovedByPeople(string keyId, DateTimeOffset at) => _movedByPeople[keyId] = at;

    /// <summary>An operator asks KMS how a resource's key is in a Region.</summary>
    public void LooksAtKey(OperatorProcess sender, AwsCall call)
    {
        var place = (sender, call.For ?? "", call.Region);
        (_looks.TryGetValue(place, out var looks) ? looks : _looks[place] = []).Add(call.SentAt);
    }

    /// <summary>When an operator last asked how the key is that a call is about, before it sent the call; null if never.</summary>
    public DateTimeOffset? LookBefore(OperatorProcess sender, AwsCall call) =>
        _looks.TryGetValue((sender, call.For ?? "", call.Region), out var looks) && looks.FindLast(at => at <= call.SentAt) is var last && last != default ? last : null;

    /// <summary>An operator wrote a resource's status.</summary>
    public void StatusWritten(string path, OperatorProcess writer) => _statusWriters[path] = writer;

    /// <summary>An operator wrote a resource's metadata, which have the record of a create attempt.</summary>
    public void MetadataWritten(string path, OperatorProcess writer) => _attemptWriters[path] = writer;

    /// <summary>
    /// An operator has sent the write that lets a resource go. What that inherits from another resource or its class may still change: the server does not refuse the write for that, so
    /// it does not count while the write is on its way.
    /// </summary>
    public void ReleaseSent(string path)
    {
        Observe();
        _releases.Add(path);
    }

    /// <summary>The write that lets a resource go was carried out, or refused.</summary>
    public void ReleaseArrived(string path) => _releases.Remove(path);

    /// <summary>
    /// People overwrote a resource's status: only the process that wrote it knows what it said. Where it named no key yet, the record of an attempt counts for nothing any more.
    /// </summary>
    public void StatusOverwritten(IKeyResource resource)
    {
        var path = ClusterTruth.PathOf(resource);
        var writer = _statusWriters.GetValueOrDefault(path);
        foreach (var alias in AliasHistory.NamesIn(resource.Status ?? new KeyStatus()))
            _unrecordedAliases[(resource.Metadata.Uid!, alias)] = writer;
        if (resource.Status?.KeyId is { } keyId)
        {
            _unrecordedKeys[keyId] = writer;
            _overwrittenAt[keyId] = world.Now;
        }
        else if (MadeBy(CreateAttempt.Of(resource)) is { } made)
            _unrecordedKeys[made.KeyId] = _attemptWriters.GetValueOrDefault(path);
    }

    /// <summary>The window of a key's deletion is over, and the key is gone.</summary>
    public void Destroyed(KeyEntry key)
    {
        _destroyed.Add(key.KeyId);
        if (KeyTruth.Tag(key, TagNames.Uid) is { } uid)
            _lostKeys[uid] = key.KeyId;
    }

    /// <summary>Whether a key is gone for good.</summary>
    public bool IsDestroyed(string? keyId) => keyId is not null && _destroyed.Contains(keyId);

    /// <summary>The key of a resource that is gone for good; null where there is none, or people overwrote the status that named it.</summary>
    public string? LostKeyOf(string uid) => _lostKeys.GetValueOrDefault(uid) is { } keyId && !_overwrittenAt.ContainsKey(keyId) ? keyId : null;

    /// <summary>When a resource was last to get a new key in place of a lost one; null if never.</summary>
    public DateTimeOffset? ReplacementWantedAt(string uid) => _replacementWanted.TryGetValue(uid, out var at) ? at : null;

    /// <summary>Whether people overwrote a status that named a key, after a time.</summary>
    public bool IsOverwrittenSince(string keyId, DateTimeOffset time) => _overwrittenAt.TryGetValue(keyId, out var at) && at >= time;

    /// <summary>People took the owner tags off a key.</summary>
    public void UnmarkedByPeople(string keyId) => _unmarkedByPeople.Add(keyId);

    /// <summary>Whether the present resource of a path has had its key on record only since a time, or has none.</summary>
    public bool IsKeyNamedSince(string path, DateTimeOffset time) => _named.GetValueOrDefault(path) is var named && (named.KeyId is null || named.Since >= time);

    /// <summary>Whether the resource of a path adopts a key, or did until the last seconds.</summary>
    public bool AdoptsOrDid(string path) => _adopting.TryGetValue(path, out var adopting) && (adopting.Adopts || world.Now - adopting.Since < TooLate);

    /// <summary>Whether a resource has had a key on record while it adopted one: the key is its own from then on.</summary>
    public bool HasAdopted(string? uid, string keyId) => uid is not null && _adopted.Contains((uid, keyId));

    /// <summary>Whether an operator has put the owner tags that people took off a key back after a time, and is dead by now: no other process knows of that before KMS shows it.</summary>
    public bool IsMarkedAgainByTheDeadSince(string keyId, DateTimeOffset time) => _markedAgain.TryGetValue(keyId, out var last) && last.At >= time && !last.By.Process.IsAlive;

    /// <summary>Whether people have ever taken the owner tags off a key.</summary>
    public bool IsUnmarkedByPeople(string keyId) => _unmarkedByPeople.Contains(keyId);

    /// <summary>
    /// AWS denied an operator a call. Without its tags, or the right to change them, a key gets no mark when its resource goes; nor without credentials, which all
    /// resources of the Region that are being deleted wait for together.
    /// </summary>
    public void Denied(AwsCall call)
    {
        if (call is { Operation: "TagResource" or "UntagResource" or "ListResourceTags" or "DescribeKey", KeyId: { } keyId, For: { } path } && world.Cluster.Find(path) is { Metadata.DeletionTimestamp: not null })
            _marksRefused.Add((call.Region, keyId));
        if (call is { Operation: "ListResourceTags", KeyId: { } unread })
            _tagsUnread.Add(unread);
        if (call is { Operation: "EnableKey", KeyId: { } disabled })
            _enablesRefused.Add((call.Region, disabled));
        if (call.Operation == AwsCall.Sts)
        {
            foreach (var going in world.Cluster.Resources.Where(resource => resource.Metadata.DeletionTimestamp is not null))
            {
                if (going.Status is { KeyId: { } keyOnRecord } status && status.Region == call.Region)
                    _marksRefused.Add((call.Region, keyOnRecord));
                else if (going.Status?.KeyId is null && MadeBy(CreateAttempt.Of(going)) is { } made && made.Region == call.Region)
                    _marksRefused.Add((call.Region, made.KeyId));

                // The status may name another key, which people wrote there.
                foreach (var own in world.Keys.All.Where(key => key.Region == call.Region && KeyTruth.Tag(key, TagNames.Uid) == going.Metadata.Uid))
                    _marksRefused.Add((own.Region, own.KeyId));
            }
        }
    }

    /// <summary>Whether AWS has denied the operator the mark that a key is left, or that its resource deletes it.</summary>
    public bool IsMarkRefused(string region, string keyId) => _marksRefused.Contains((region, keyId));

    /// <summary>Whether AWS has ever denied the operator the tags of a key: a resource that looks for its key then does not find it.</summary>
    public bool IsReadingRefused(string keyId) => _tagsUnread.Contains(keyId);

    /// <summary>Whether AWS has denied the operator to enable a key.</summary>
    public bool IsEnableRefused(string region, string keyId) => _enablesRefused.Contains((region, keyId));

    /// <summary>
    /// Whether a call that marks a key as left, or schedules its deletion, had its effect when nobody waited for the answer any more: then the key may have been marked otherwise meanwhile.
    /// </summary>
    public bool IsMarkedLate(string region, string keyId) => _markedLate.Contains((region, keyId));

    /// <summary>People wrote the id of another resource's key into a status.</summary>
    public void ClaimedByForgery(string keyId) => _claimedByForgery.Add(keyId);

    /// <summary>
    /// Whether a resource that is being deleted, when it was last seen, was not to touch its key (<c>managementPolicy: Observe</c>, or <c>suspend</c> in a namespace that goes), or could not: its class was gone, or led to another account, and with it the credentials.
    /// </summary>
    public bool IsLeftUntouched(KeyEntry key) => _leftUntouched.ContainsKey((key.Region, key.KeyId)) || _attemptsLeft.Contains(KeyTruth.Tag(key, TagNames.Attempt) ?? "");

    /// <summary>
    /// Whether people took a key's owner tags off, and overwrote the status that named it, and the process that wrote that is dead; or they wrote its id into another resource's status, and
    /// its own resource is gone.
    /// </summary>
    /// <param name="keyId">The key.</param>
    /// <param name="owner">The resource that it was made for.</param>
    public bool IsKeyUnrecorded(string keyId, string owner) => _unmarkedByPeople.Contains(keyId)
        && ((_unrecordedKeys.TryGetValue(keyId, out var writer) && writer?.Process.IsAlive != true)
            || (_claimedByForgery.Contains(keyId) && world.Cluster.Find(owner) is null));

    /// <summary>Whether the only record of a resource's alias was overwritten, and the process that wrote it is dead.</summary>
    public bool IsAliasUnrecorded(string uid, string alias) =>
        _unrecordedAliases.TryGetValue((uid, alias), out var writer) && writer?.Process.IsAlive != true;

    /// <summary>
    /// How many different values of <c>rotate-at</c> the resources of a path ever had: a later one may have the key of an earlier one. A value counts
    /// again when its record was erased.
    /// </summary>
    public int RotationsAsked(string path) =>
        (_lives.GetValueOrDefault(path) ?? []).Sum(uid => (_rotateAt.GetValueOrDefault(uid)?.Count ?? 0) + _rotationRecordsErased.GetValueOrDefault(uid));

    /// <summary>People took the record of served rotations away.</summary>
    public void RotationRecordErased(string uid) => _rotationRecordsErased[uid] = _rotationRecordsErased.GetValueOrDefault(uid) + 1;

    /// <summary>
    /// The cluster was restored to an earlier state: what was rotated since is on no record. A process that still has the resource, and wrote that record, remembers it.
    /// </summary>
    /// <param name="before">The resources just before the restore.</param>
    public void Restored(IReadOnlyList<IKeyResource> before)
    {
        RestoredAt = world.Now;
        foreach (var resource in world.Cluster.Resources)
        {
            var last = before.FirstOrDefault(one => one.Metadata.Uid == resource.Metadata.Uid);
            var isRemembered = last is not null && _statusWriters.GetValueOrDefault(ClusterTruth.PathOf(last))?.Process.IsAlive == true;
            if (!isRemembered && resource.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.RotateAt) is { } asked && asked != resource.Status?.LastHandledRotateAt)
                RotationRecordErased(resource.Metadata.Uid!);
        }
    }

    /// <summary>Somebody who is not the operator changed something.</summary>
    public void Disturbed()
    {
        LastDisturbance = world.Now;
        Observe();
    }

    /// <summary>Takes down what the present state shows.</summary>
    public void Observe()
    {
        foreach (var resource in world.Cluster.Resources)
        {
            var path = ClusterTruth.PathOf(resource);
            (_lives.TryGetValue(path, out var lives) ? lives : _lives[path] = []).Add(resource.Metadata.Uid!);
            var wantsKeyDeleted = resource.Metadata.DeletionTimestamp is not null && world.Cluster.WantsKeyDeleted(resource);
            if (wantsKeyDeleted && !world.Cluster.IsGuarded(resource, world.Keys, seenBy: world.Now - AwsClients.CallTimeout))
                _deletionWanted[path] = world.Now;
            if (resource is ServiceKey { Spec.RecreateLostKey: true })
            {
                // Once its status is another one, the new key may be on its way.
                _replacementWanted[resource.Metadata.Uid!] = world.Now;
                if (resource.Status?.KeyId is null)
                    _lostKeys.Remove(resource.Metadata.Uid!);
            }

            if (resource.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.RotateAt) is { Length: > 0 } value)
                (_rotateAt.TryGetValue(resource.Metadata.Uid!, out var values) ? values : _rotateAt[resource.Metadata.Uid!] = []).Add(value);
            if (_named.GetValueOrDefault(path) is var named && (named.Uid, named.KeyId) != (resource.Metadata.Uid, resource.Status?.KeyId))
                _named[path] = (resource.Metadata.Uid!, resource.Status?.KeyId, world.Now);
            var adopts = resource.Adopt is not null;
            if (_adopting.TryGetValue(path, out var adopting) ? adopting.Adopts != adopts : adopts)
                _adopting[path] = (adopts, world.Now);
            if (adopts && resource.Status?.KeyId is { } adopted)
                _adopted.Add((resource.Metadata.Uid!, adopted));
            if (!_releases.Contains(path))
                ObserveDeletion(resource, path, wantsKeyDeleted);
            if (_unrecordedAliases.Count > 0)
                RecordAgain(resource);
        }
    }

    /// <summary>Takes down what is to become of a resource's key when the resource goes.</summary>
    private void ObserveDeletion(IKeyResource resource, string path, bool wantsKeyDeleted)
    {
        _lastWish[path] = wantsKeyDeleted;
        var policy = world.Cluster.PolicyOf(resource);
        var since = _lastPolicy.GetValueOrDefault(path) is { } last && (last.Uid, last.Policy) == (resource.Metadata.Uid!, policy) ? last.Since : world.Now;
        _lastPolicy[path] = new DeletionWish(resource.Metadata.Uid!, policy, since, world.Now);
        _lastLeftAsItIs[resource.Metadata.Uid!] = resource.Metadata.DeletionTimestamp is not null && policy == DeletionPolicies.Retain
            && resource is ServiceKey { Spec.Enabled: not false } or KeyReplica { Spec.Enabled: not false };
        var isUntouched = resource.Metadata.DeletionTimestamp is not null && (world.Cluster.IsPassive(resource) || world.Cluster.IsClassOfKeyGone(resource) || world.Cluster.IsAccountOfKeyLeft(resource));
        if (isUntouched)
        {
            // Its status may name another key, which people wrote there.
            foreach (var own in world.Keys.All.Where(key => KeyTruth.Tag(key, TagNames.Uid) == resource.Metadata.Uid))
                _leftUntouched[(own.Region, own.KeyId)] = null;
        }

        if (resource.Status is { KeyId: { } keyId, Region: { } region })
        {
            if (isUntouched)
                _leftUntouched[(region, keyId)] = null;
            else if (world.Keys.Find(region, keyId) is not { } key || KeyTruth.OwnerOf(key) is not { } owner || owner == path)
                TouchAgain((region, keyId));
        }

        // The key of an attempt may still be on its way.
        if (isUntouched && CreateAttempt.Of(resource) is { } open)
            _attemptsLeft.Add(open.Id);
        else if (CreateAttempt.RecordOf(resource) is { } decided)
            _attemptsLeft.Remove(decided.Id);
    }

    /// <summary>A key may be touched again. That may come too late for an operator that lets the resource go in the next seconds.</summary>
    private void TouchAgain((string Region, string KeyId) key)
    {
        if (!_leftUntouched.TryGetValue(key, out var since))
            return;
        if (world.Now - (since ?? world.Now) >= OldestDecision)
            _leftUntouched.Remove(key);
        else
            _leftUntouched[key] = since ?? world.Now;
    }

    private KeyEntry? MadeBy(CreateAttempt? attempt) => attempt is null ? null : world.Keys.All.FirstOrDefault(key => KeyTruth.Tag(key, TagNames.Attempt) == attempt.Id);

    private void RecordAgain(IKeyResource resource)
    {
        foreach (var alias in AliasHistory.NamesIn(resource.Status ?? new KeyStatus()))
            _unrecordedAliases.Remove((resource.Metadata.Uid!, alias));
    }

    /// <summary>An operator's write has had its effect, or was refused.</summary>
    public void OnOperatorWrite(OperatorProcess sender, AwsCall call, bool accepted)
    {
        if (!accepted)
            return;
        OperatorWrites++;
        if (call.Operation == "TagResource" && IsUnmarkedByPeople(call.KeyId!))
            _markedAgain[call.KeyId!] = (sender, world.Now);
        switch (call.Operation)
        {
            case "CreateKey":
                foreach (var key in world.Keys.All)
                {
                    if (!_madeFor.ContainsKey(key.KeyId) && KeyTruth.OwnerOf(key) is { } owner)
                        _madeFor[key.KeyId] = owner;
                }

                break;
            case "CreateAlias" or "UpdateAlias":
                // The resource may be gone by now, and another one of the name there. The key says whose it was.
                var holder = world.Keys.Find(call.Region, world.Keys.TargetOf(call.Region, call.AliasName!));
                _aliasesMadeFor[(call.Region, call.AliasName!)] = new AliasMaker(
                    call.For ?? "", (holder is null ? null : KeyTruth.Tag(holder, TagNames.Uid)) ?? world.Cluster.Find(call.For ?? "")?.Metadata.Uid ?? "");
                break;
            case "TagResource" or "ScheduleKeyDeletion" when world.Now - call.SentAt > AwsClients.CallTimeout:
                _markedLate.Add((call.Region, call.KeyId!));
                break;
            case "UpdatePrimaryRegion" when world.Now - call.SentAt > AwsClients.CallTimeout:
                _movedLate[call.KeyId!] = world.Now;
                break;
            default:
                break;
        }
    }
}

/// <summary>The resource that an alias was made for.</summary>
/// <param name="Path"><c>{kind}/{namespace}/{name}</c>.</param>
/// <param name="Uid">Tells it from earlier and later ones of that name.</param>
internal sealed record AliasMaker(string Path, string Uid);

/// <summary>The deletion policy of a resource.</summary>
/// <param name="Uid">The resource.</param>
/// <param name="Policy">One of <see cref="DeletionPolicies"/>.</param>
/// <param name="Since">Since when it has that policy.</param>
/// <param name="SeenAt">When the resource was last seen.</param>
internal sealed record DeletionWish(string Uid, string Policy, DateTimeOffset Since, DateTimeOffset SeenAt);
