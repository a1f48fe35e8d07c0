namespace KmsOperator.Aws;

/// <summary>A request quota of KMS. It applies to each account and Region by itself.</summary>
/// <param name="Name">The operation, or <see cref="KmsQuotas.Others"/>.</param>
/// <param name="PerSecond">Requests per second that KMS accepts by default.</param>
public readonly record struct KmsQuota(string Name, double PerSecond);

/// <summary>KMS's default request quotas. All principals and AWS services in an account share them.</summary>
/// <remarks>Source: AWS KMS developer guide, "Request quotas". AWS raises them on request.</remarks>
public static class KmsQuotas
{
    /// <summary>Name of the quota that all operations share that are not listed here.</summary>
    public const string Others = "other operations";

    private const double OthersPerSecond = 5;

    /// <summary>The quota that an operation uses.</summary>
    /// <param name="operation">As in <c>X-Amz-Target</c>, for example <c>CreateKey</c>.</param>
    public static KmsQuota Of(string operation) =>
        PerSecond(operation) is { } perSecond ? new KmsQuota(operation, perSecond) : new KmsQuota(Others, OthersPerSecond);

    private static double? PerSecond(string operation) => operation switch
    {
        "DescribeKey" or "GetPublicKey" or "ListResourceTags" => 2000,
        "GetKeyPolicy" or "GetKeyRotationStatus" => 1000,
        "ListKeys" or "ListAliases" => 500,
        "ListKeyPolicies" or "ListKeyRotations" or "ListGrants" or "ListRetirableGrants" => 100,
        "CreateGrant" or "RevokeGrant" or "RetireGrant" => 50,
        "PutKeyPolicy" or "EnableKeyRotation" or "ScheduleKeyDeletion" or "DeleteAlias" or "ImportKeyMaterial" => 15,
        "TagResource" => 10,
        "CreateKey" or "CreateAlias" or "UpdateAlias" or "EnableKey" or "DisableKey" or "DisableKeyRotation" or "RotateKeyOnDemand"
            or "UpdateKeyDescription" or "UntagResource" or "CancelKeyDeletion" or "GetKeyLastUsage" => 5,

        // KMS's quota is 5 too, but each call uses two CreateKey requests in the replica's Region, or counts in both Regions.
        "ReplicateKey" or "UpdatePrimaryRegion" => 2.5,
        "GetParametersForImport" => 1,
        _ => null,
    };
}
