using System.Security.Cryptography;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KmsOperator.Planning;

namespace KmsOperator.Aws;

/// <summary>Reads keys from KMS.</summary>
public static class KeyObserver
{
    /// <summary>
    /// All of a key but its aliases: DescribeKey, GetKeyPolicy, ListResourceTags, and GetKeyRotationStatus where the key can
    /// rotate by itself and is not a replica.
    /// </summary>
    /// <param name="kms">Client of the key's Region.</param>
    /// <param name="keyId">Key id or ARN.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <param name="withRotationOfReplica">Whether the rotation, which KMS shows in all Regions, is read of a replica as well.</param>
    /// <param name="mayRotate">Whether the rotation is most likely readable, so that it is asked for before that is known. It saves a round trip, and costs a call where it is not.</param>
    /// <returns>Null when KMS does not know the key (now).</returns>
    public static async Task<ObservedKey?> ObserveAsync(
        IAmazonKeyManagementService kms, string keyId, CancellationToken cancellationToken, bool withRotationOfReplica = false, bool mayRotate = false)
    {
        // At once, since each answer takes a round trip.
        var early = mayRotate ? GetRotationAsync(kms, keyId, cancellationToken) : Task.FromResult<ObservedRotation?>(null);
        var described = DescribeAsync(kms, keyId, cancellationToken);
        var policy = kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = keyId, PolicyName = "default" }, cancellationToken);
        var tags = ListTagsAsync(kms, keyId, cancellationToken);
        await Task.WhenAll(described, policy, tags, early).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (await described is not { } key)
        {
            return null;
        }

        // The key exists: that its policy or tags were not found is staleness, and goes up as such.
        key = key with { Policy = (await policy).Policy, Tags = await tags };
        var materials = HasMaterials(key) ? ListMaterialsAsync(kms, key.KeyId, cancellationToken) : Task.FromResult<IReadOnlyList<ObservedMaterial>?>(null);
        var rotation = !RotationIsReadable(key) || (!withRotationOfReplica && key.MultiRegionKeyType == "REPLICA") ? Task.FromResult<ObservedRotation?>(null)
            : mayRotate && early.IsCompletedSuccessfully ? early
            : GetRotationAsync(kms, key.KeyId, cancellationToken);
        await Task.WhenAll(rotation, materials);
        return key with { Rotation = await rotation, Materials = await materials };
    }

    /// <summary>A key's metadata alone, by DescribeKey.</summary>
    /// <param name="kms">Client of the key's Region.</param>
    /// <param name="keyId">Key id, ARN, alias or alias ARN.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null when KMS does not know the key (now).</returns>
    public static async Task<ObservedKey?> DescribeAsync(IAmazonKeyManagementService kms, string keyId, CancellationToken cancellationToken)
    {
        try
        {
            var response = await kms.DescribeKeyAsync(new DescribeKeyRequest { KeyId = keyId }, cancellationToken);
            return FromMetadata(response.KeyMetadata);
        }
        catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind == AwsFailureKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>All tags of a key.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ListTagsAsync(
        IAmazonKeyManagementService kms, string keyId, CancellationToken cancellationToken)
    {
        var tags = new Dictionary<string, string>();
        string? marker = null;
        do
        {
            var page = await kms.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = keyId, Marker = marker }, cancellationToken);
            foreach (var tag in page.Tags ?? [])
            {
                tags[tag.TagKey] = tag.TagValue ?? "";
            }

            marker = page.Truncated == true ? page.NextMarker : null;
        }
        while (marker is not null);

        return tags;
    }

    /// <summary>All grants on a key, by whomever they were made. A key that AWS services use may have thousands, a hundred in a call.</summary>
    public static async Task<IReadOnlyList<ObservedGrant>> ListGrantsAsync(IAmazonKeyManagementService kms, string keyId, CancellationToken cancellationToken)
    {
        var grants = new List<ObservedGrant>();
        string? marker = null;
        do
        {
            var page = await kms.ListGrantsAsync(new ListGrantsRequest { KeyId = keyId, Limit = 100, Marker = marker }, cancellationToken);
            grants.AddRange((page.Grants ?? []).Select(grant =>
                new ObservedGrant(grant.GrantId, grant.Name ?? "", [.. (grant.Operations ?? []).Order(StringComparer.Ordinal)])
                {
                    GranteePrincipal = grant.GranteePrincipal,
                    GranteeServicePrincipal = grant.GranteeServicePrincipal,
                    RetiringPrincipal = grant.RetiringPrincipal,
                    RetiringServicePrincipal = grant.RetiringServicePrincipal,
                    SourceArn = grant.Constraints?.SourceArn,
                    EncryptionContextEquals = grant.Constraints?.EncryptionContextEquals,
                    EncryptionContextSubset = grant.Constraints?.EncryptionContextSubset,
                    CreationDate = grant.CreationDate is { } created ? new DateTimeOffset(created.ToUniversalTime()) : null,
                }));
            marker = page.Truncated == true ? page.NextMarker : null;
        }
        while (marker is not null);

        return grants;
    }

    /// <summary>What DescribeKey, CreateKey and ReplicateKey say of a key.</summary>
    public static ObservedKey FromMetadata(KeyMetadata metadata) => new()
    {
        KeyId = metadata.KeyId,
        Arn = metadata.Arn,
        KeyState = metadata.KeyState.Value,
        Description = metadata.Description ?? "",
        KeySpec = metadata.KeySpec?.Value ?? "SYMMETRIC_DEFAULT",
        KeyUsage = metadata.KeyUsage?.Value ?? "ENCRYPT_DECRYPT",
        MultiRegionKeyType = metadata.MultiRegionConfiguration?.MultiRegionKeyType?.Value,
        PrimaryRegion = metadata.MultiRegionConfiguration?.PrimaryKey?.Region,
        ReplicaArns = [.. metadata.MultiRegionConfiguration?.ReplicaKeys?.Select(replica => replica.Arn) ?? []],
        DeletionDate = metadata.DeletionDate is { } date ? new DateTimeOffset(date.ToUniversalTime()) : null,
        Origin = metadata.Origin?.Value ?? KeyOrigins.Kms,
        CustomKeyStoreId = metadata.CustomKeyStoreId,
        XksKeyId = metadata.XksKeyConfiguration?.Id,
        MaterialValidTo = InSeconds(metadata.ValidTo),
        IsAwsManaged = metadata.KeyManager == KeyManagerType.AWS,
        CreationDate = metadata.CreationDate is { } created ? new DateTimeOffset(created.ToUniversalTime()) : null,
    };

    /// <summary>The key's last cryptographic use as far as KMS tracks it.</summary>
    /// <returns>Null when no use is on record, or the Region's KMS does not know the operation.</returns>
    /// <remarks>Source: AWS KMS API reference, GetKeyLastUsage.</remarks>
    public static async Task<KeyLastUse?> GetLastUseAsync(IAmazonKeyManagementService kms, string keyId, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await kms.GetKeyLastUsageAsync(new GetKeyLastUsageRequest { KeyId = keyId }, cancellationToken);
            return answer.KeyLastUsage is { Timestamp: { } time } usage
                ? new KeyLastUse(new DateTimeOffset(time.ToUniversalTime()), usage.Operation?.Value ?? "unknown operation")
                : null;
        }
        catch (AmazonKeyManagementServiceException e) when (AwsFailure.IsUnknownOperation(e))
        {
            return null;
        }
    }

    /// <summary>The public key of an asymmetric key, as PEM (SubjectPublicKeyInfo).</summary>
    /// <remarks>Source: AWS KMS API reference, GetPublicKey.</remarks>
    public static async Task<string> GetPublicKeyAsync(IAmazonKeyManagementService kms, string keyId, CancellationToken cancellationToken)
    {
        var answer = await kms.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = keyId }, cancellationToken);
        return PemEncoding.WriteString("PUBLIC KEY", answer.PublicKey.ToArray());
    }

    /// <summary>The rotations that a key has had, and the on-demand one that is under way.</summary>
    public static async Task<KeyRotations> ListRotationsAsync(IAmazonKeyManagementService kms, string keyId, CancellationToken cancellationToken)
    {
        var rotations = new List<KeyRotationEntry>();
        string? marker = null;
        do
        {
            var page = await kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = keyId, Marker = marker }, cancellationToken);
            rotations.AddRange((page.Rotations ?? []).Where(rotation => rotation.RotationDate is not null).Select(rotation =>
                new KeyRotationEntry(new DateTimeOffset(rotation.RotationDate!.Value.ToUniversalTime()), rotation.RotationType?.Value ?? "")));
            marker = page.Truncated == true ? page.NextMarker : null;
        }
        while (marker is not null);

        // Asked last: a rotation that ends meanwhile is counted once at most.
        var status = await kms.GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = keyId }, cancellationToken);
        return new KeyRotations([.. rotations.OrderByDescending(rotation => rotation.At)], status.OnDemandRotationStartDate is not null);
    }

    /// <summary>All materials that were imported into a symmetric encryption key, also those that are gone again.</summary>
    private static async Task<IReadOnlyList<ObservedMaterial>?> ListMaterialsAsync(IAmazonKeyManagementService kms, string keyId, CancellationToken cancellationToken)
    {
        var materials = new List<ObservedMaterial>();
        string? marker = null;
        do
        {
            var page = await kms.ListKeyRotationsAsync(
                new ListKeyRotationsRequest { KeyId = keyId, IncludeKeyMaterial = IncludeKeyMaterial.ALL_KEY_MATERIAL, Marker = marker }, cancellationToken);
            materials.AddRange((page.Rotations ?? []).Where(entry => entry.KeyMaterialId is not null).Select(entry => new ObservedMaterial(
                entry.KeyMaterialId, entry.KeyMaterialState?.Value ?? MaterialStates.Current, entry.ImportState == ImportState.IMPORTED, InSeconds(entry.ValidTo))));
            marker = page.Truncated == true ? page.NextMarker : null;
        }
        while (marker is not null);

        return materials;
    }

    private static bool HasMaterials(ObservedKey key) =>
        key is { KeySpec: "SYMMETRIC_DEFAULT", Origin: KeyOrigins.External, KeyState: KeyStates.Enabled or KeyStates.Disabled or KeyStates.PendingImport };

    private static DateTimeOffset? InSeconds(DateTime? time) =>
        time is { } at ? DateTimeOffset.FromUnixTimeSeconds(new DateTimeOffset(at.ToUniversalTime()).ToUnixTimeSeconds()) : null;

    private static bool RotationIsReadable(ObservedKey key) =>
        key.KeySpec == "SYMMETRIC_DEFAULT" && key.Origin == KeyOrigins.Kms && !key.IsAwsManaged
        && key.KeyState is KeyStates.Enabled or KeyStates.Disabled;

    private static async Task<ObservedRotation?> GetRotationAsync(IAmazonKeyManagementService kms, string keyId, CancellationToken cancellationToken)
    {
        var status = await kms.GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = keyId }, cancellationToken);
        return new ObservedRotation(
            status.KeyRotationEnabled == true,
            status.RotationPeriodInDays,
            status.NextRotationDate is { } next ? new DateTimeOffset(next.ToUniversalTime()) : null);
    }
}

/// <summary>A cryptographic use of a key.</summary>
/// <param name="At">When.</param>
/// <param name="Operation">KMS's name of the operation.</param>
public sealed record KeyLastUse(DateTimeOffset At, string Operation);

/// <summary>A key's rotations so far.</summary>
/// <param name="Entries">Those that are finished, the latest first.</param>
/// <param name="IsUnderWay">Whether one on demand is under way.</param>
public sealed record KeyRotations(IReadOnlyList<KeyRotationEntry> Entries, bool IsUnderWay)
{
    /// <summary>How many were on demand, one under way included. KMS permits 25.</summary>
    public int OnDemand => Entries.Count(entry => entry.Type == RotationType.ON_DEMAND.Value) + (IsUnderWay ? 1 : 0);

    /// <summary>When the latest one was finished; null for none.</summary>
    public DateTimeOffset? LastAt => Entries.Count > 0 ? Entries[0].At : null;
}

/// <summary>A rotation that is finished.</summary>
/// <param name="At">When.</param>
/// <param name="Type">KMS's own word, <c>AUTOMATIC</c> or <c>ON_DEMAND</c>.</param>
public sealed record KeyRotationEntry(DateTimeOffset At, string Type);
