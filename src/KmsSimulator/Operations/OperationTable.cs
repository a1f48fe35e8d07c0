using System.Text.Json.Nodes;
using KmsSimulator.Policies;
using KmsSimulator.Protocol;

namespace KmsSimulator.Operations;

/// <summary>One KMS operation.</summary>
/// <param name="Run">Does it, under the world's lock.</param>
/// <param name="RequestsPerSecond">KMS's default request quota for an account and Region.</param>
internal sealed record Operation(Func<KmsCall, JsonNode> Run, double RequestsPerSecond);

/// <summary>The operations that the simulator knows, a row each.</summary>
/// <remarks>Source of the quotas: AWS KMS developer guide, "Request quotas".</remarks>
internal static class OperationTable
{
    /// <summary>Operations by name.</summary>
    public static IReadOnlyDictionary<string, Operation> Create(PrincipalDirectory principals)
    {
        var keys = new KeyOperations(principals);
        var policies = new PolicyOperations(principals);
        var replicas = new ReplicaOperations(principals);
        return new Dictionary<string, Operation>
        {
            ["CreateKey"] = new(keys.CreateKey, 5),
            ["DescribeKey"] = new(KeyOperations.DescribeKey, 2000),
            ["ListKeys"] = new(KeyOperations.ListKeys, 500),
            ["UpdateKeyDescription"] = new(KeyOperations.UpdateKeyDescription, 5),
            ["EnableKey"] = new(KeyOperations.EnableKey, 5),
            ["DisableKey"] = new(KeyOperations.DisableKey, 5),
            ["PutKeyPolicy"] = new(policies.PutKeyPolicy, 15),
            ["GetKeyPolicy"] = new(PolicyOperations.GetKeyPolicy, 1000),
            ["ListKeyPolicies"] = new(PolicyOperations.ListKeyPolicies, 100),
            ["CreateAlias"] = new(AliasOperations.CreateAlias, 5),
            ["UpdateAlias"] = new(AliasOperations.UpdateAlias, 5),
            ["DeleteAlias"] = new(AliasOperations.DeleteAlias, 15),
            ["ListAliases"] = new(AliasOperations.ListAliases, 500),
            ["TagResource"] = new(TagOperations.TagResource, 10),
            ["UntagResource"] = new(TagOperations.UntagResource, 5),
            ["ListResourceTags"] = new(TagOperations.ListResourceTags, 2000),
            ["EnableKeyRotation"] = new(RotationOperations.EnableKeyRotation, 15),
            ["DisableKeyRotation"] = new(RotationOperations.DisableKeyRotation, 5),
            ["GetKeyRotationStatus"] = new(RotationOperations.GetKeyRotationStatus, 1000),
            ["RotateKeyOnDemand"] = new(RotationOperations.RotateKeyOnDemand, 5),
            ["ListKeyRotations"] = new(RotationOperations.ListKeyRotations, 100),
            ["ScheduleKeyDeletion"] = new(DeletionOperations.ScheduleKeyDeletion, 15),
            ["CancelKeyDeletion"] = new(DeletionOperations.CancelKeyDeletion, 5),
            ["ReplicateKey"] = new(replicas.ReplicateKey, 5),
            ["UpdatePrimaryRegion"] = new(ReplicaOperations.UpdatePrimaryRegion, 5),
            ["GetKeyLastUsage"] = new(UsageOperations.GetKeyLastUsage, 5),
            ["Encrypt"] = new(UsageOperations.Encrypt, 10000),
            ["Decrypt"] = new(UsageOperations.Decrypt, 10000),
            ["GenerateDataKey"] = new(UsageOperations.GenerateDataKey, 10000),
        };
    }
}
