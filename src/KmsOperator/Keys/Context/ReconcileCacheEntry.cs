using KmsOperator.Keys.Status;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Context;

/// <summary>
/// What the process remembers of one resource between reconciles. All of it may be lost at any moment: it saves calls and needless
/// repairs, and no decision that matters depends on it alone.
/// </summary>
internal sealed class ReconcileCacheEntry
{
    private OptionalTime _firstSeenAt;
    private OptionalTime _createdAt;
    private OptionalTime _unansweredAt;
    private OptionalTime _changeUnansweredAt;
    private OptionalTime _releaseDelayedSince;
    private OptionalTime _waitsForClassSince;
    private OptionalTime _compareAt;
    private OptionalTime _reconcileRequestedAt;
    private OptionalTime _aliasesNotBefore;
    private OptionalTime _taggedAt;

    /// <summary>When this process first looked at the resource's key.</summary>
    public DateTimeOffset? FirstSeenAt
    {
        get => _firstSeenAt.Value;
        set => _firstSeenAt = new OptionalTime(value);
    }

    /// <summary>When this process created the key. Permissions on a new key may take minutes to reach all of AWS.</summary>
    public DateTimeOffset? CreatedAt
    {
        get => _createdAt.Value;
        set => _createdAt = new OptionalTime(value);
    }

    /// <summary>
    /// When a call that creates or rotates a key ended without an answer. The call may have been sent long after its attempt was recorded, so KMS
    /// may show its effect later than the time of the attempt suggests.
    /// </summary>
    public DateTimeOffset? UnansweredAt
    {
        get => _unansweredAt.Value;
        set => _unansweredAt = new OptionalTime(value);
    }

    /// <summary>
    /// When a call that changes the key ended without an answer for the last time, or was sent at the latest by a process before this one, so that it may have its effect yet; null if there is none.
    /// </summary>
    public DateTimeOffset? ChangeUnansweredAt => _changeUnansweredAt.Value;

    /// <summary>A call that changes the key may have been sent, and may still arrive. What is known of a later one stays.</summary>
    /// <param name="at">When it ended without an answer, or was sent at the latest.</param>
    public void RecordUnansweredChange(DateTimeOffset at) => _changeUnansweredAt = _changeUnansweredAt.OrLater(at);

    /// <summary>
    /// When a call for which a deleted resource waits (<see cref="KeyStep.DelaysRelease"/>) ended without an answer, or was sent at the latest by a process before this one.
    /// It may still arrive.
    /// </summary>
    public DateTimeOffset? ReleaseDelayedSince => _releaseDelayedSince.Value;

    /// <summary>A call for which a deleted resource waits may have been sent, and may still arrive.</summary>
    /// <param name="since">When it was sent at the latest.</param>
    public void DelayRelease(DateTimeOffset since) => _releaseDelayedSince = _releaseDelayedSince.OrLater(since);

    /// <summary>
    /// The key of a resource that is being deleted was changed. While an earlier call may still arrive, the wait for it begins anew: for a consistency window, what the late call does
    /// looks like an old state from before this change.
    /// </summary>
    /// <param name="now">The time after the change.</param>
    /// <param name="consistencyWindow">For how long KMS may show the state before a change.</param>
    public void ProlongUnanswered(DateTimeOffset now, TimeSpan consistencyWindow)
    {
        if (ReleaseDelayedSince + consistencyWindow > now)
        {
            DelayRelease(now);
        }
    }

    /// <summary>Whether this process has sent the tag that the key was left behind. KMS may not show it yet, also where the answer was lost.</summary>
    public bool IsReleaseSent { get; set; }

    /// <summary>Whether this process has marked the key as left, in this deletion, and has not taken the mark off again.</summary>
    public bool IsReleaseWritten { get; set; }

    /// <summary>Whether this process has sent the call that schedules the key's deletion. It may have its effect later, and the key may lack the mark that says whose it is.</summary>
    public bool IsDeletionSent { get; set; }

    /// <summary>The attempt whose key is being looked for, or of which nothing is known but that there may be one.</summary>
    public SoughtAttempt? Sought { get; set; }

    /// <summary>The attempt of which this process knows that it made no key: it was not sent, was refused, or was given up after the search for its key.</summary>
    public string? SettledAttemptId { get; set; }

    /// <summary>Whether this process has found that the resource's key is gone, and nothing was sent since: there is no key, whether an attempt is on record or not.</summary>
    public bool HasNoKey { get; set; }

    /// <summary>Whether this process has seen the operator's finalizer on the resource, and has not taken it off itself because there is no key.</summary>
    public bool HadFinalizer { get; set; }

    /// <summary>Since when the resource has waited for its class, while nobody has written that it waits.</summary>
    public DateTimeOffset? WaitsForClassSince
    {
        get => _waitsForClassSince.Value;
        set => _waitsForClassSince = new OptionalTime(value);
    }

    /// <summary>The key of which KMS answers that it does not exist; null where the last look showed the key.</summary>
    public UnseenKey? Unseen { get; set; }

    /// <summary>When the key is compared with AWS next; null when this process has not decided that yet.</summary>
    public DateTimeOffset? CompareAt
    {
        get => _compareAt.Value;
        set => _compareAt = new OptionalTime(value);
    }

    /// <summary>When this process saw the latest new value of the <c>reconcile-at</c> annotation.</summary>
    public DateTimeOffset? ReconcileRequestedAt
    {
        get => _reconcileRequestedAt.Value;
        set => _reconcileRequestedAt = new OptionalTime(value);
    }

    /// <summary>A list of the Region's aliases that is older than this must not be used: KMS has contradicted it, or the key had aliases before it was found.</summary>
    public DateTimeOffset? AliasesNotBefore
    {
        get => _aliasesNotBefore.Value;
        set => _aliasesNotBefore = new OptionalTime(value);
    }

    /// <summary>The key that this process has made or found for the resource, or whose tags it has checked.</summary>
    public string? OwnKeyId { get; set; }

    /// <summary>The key that this process knows as the resource's; else the one that the last status named that it wrote, which it may have taken from the status of before unchecked.</summary>
    public string? RememberedKeyId => OwnKeyId ?? Written?.KeyId;

    /// <summary>When this process put the owner tags back on the key. Permissions that depend on a tag may take minutes to follow it.</summary>
    public DateTimeOffset? TaggedAt
    {
        get => _taggedAt.Value;
        set => _taggedAt = new OptionalTime(value);
    }

    /// <summary>What KMS answers in place of the policy that the operator put; null where it answers with that policy.</summary>
    public PolicyAnswer? PolicyAnswer { get; set; }

    /// <summary>The beginning of the SHA-256 of the policy that KMS last showed as the operator wants it; 0 where it has shown none so far.</summary>
    public ulong ShownPolicy { get; set; }

    /// <summary>The desired state that somebody else's change is being put right to, until that has succeeded; null where nothing is. It tells what events say of it.</summary>
    public string? DriftSha256 { get; set; }

    /// <summary>The version of the resource with which a write was last refused, because the server had a newer one.</summary>
    public string? ConflictedVersion { get; set; }

    /// <summary>What the last status with a key said that this process has written, for a status that somebody erased.</summary>
    public WrittenStatus? Written { get; set; }

    /// <summary>
    /// The ConfigMap that this process has made last. The status does not have it where the process made it on an old spec, and the API server refused the status that says so.
    /// </summary>
    public string? PublishedConfigMapName { get; set; }

    /// <summary>The public key that was read to be published.</summary>
    public PublishedKey? PublicKey { get; set; }

    /// <summary>A key that was created but whose id could not be stored yet.</summary>
    public CreatedKey? Created { get; set; }
}

/// <summary>What GetKeyPolicy answers where PutKeyPolicy put another document. Both are hashes of what the documents mean.</summary>
/// <param name="DesiredSha256">Of the document that was put.</param>
/// <param name="AnswerSha256">Of the document that came back.</param>
internal sealed record PolicyAnswer(string DesiredSha256, string AnswerSha256);

/// <summary>An attempt whose key is being looked for.</summary>
/// <param name="AttemptId">The attempt; null where its record is lost.</param>
/// <param name="Since">When this process first looked.</param>
internal sealed record SoughtAttempt(string? AttemptId, DateTimeOffset Since);

/// <summary>A key of which KMS answers that it does not exist.</summary>
/// <param name="KeyId">The KMS key.</param>
/// <param name="Since">When KMS first answered so.</param>
internal sealed record UnseenKey(string? KeyId, DateTimeOffset Since);

/// <summary>The key that a create attempt made.</summary>
/// <param name="AttemptId">The attempt.</param>
/// <param name="KeyId">The id of its key.</param>
internal sealed record CreatedKey(string AttemptId, string KeyId);

/// <summary>The public key of an asymmetric key.</summary>
/// <param name="KeyId">The KMS key.</param>
/// <param name="Pem">The public key.</param>
internal sealed record PublishedKey(string KeyId, string Pem);
