using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>
/// Which key policy a replica gets. Its own override; else, if it names access of its own, a generated one; else its primary's: carried
/// over to the replica's Region where the primary's is a document, with the replica's own statements appended, and generated where
/// the primary's is.
/// </summary>
internal static class ReplicaPolicy
{
    /// <summary>The policy for a replica of a ServiceKey.</summary>
    /// <param name="spec">The replica's spec.</param>
    /// <param name="primary">The ServiceKey, not refused itself.</param>
    /// <param name="keyClass">The primary's class.</param>
    /// <param name="accountId">The account of both keys.</param>
    public static Resolved<KeyPolicy> Of(KeyReplicaSpec spec, ServiceKey primary, KeyClass keyClass, string accountId)
    {
        JsonElement Here(JsonElement policy) => PolicyRelocation.ToRegion(policy, keyClass.Spec.Region, spec.Region);
        var theirs = primary.Spec.Policy;
        if (Inherits(spec) && theirs?.Override is { } document)
        {
            return PolicyResolver.Extend(Here(document), $"spec.policy.override of ServiceKey {primary.Metadata.Name}", spec.Policy?.AdditionalStatements);
        }

        var statements = spec.Policy?.AdditionalStatements
            ?? (spec.Policy?.Override is null ? theirs?.AdditionalStatements?.Select(Here).ToArray() : null);
        return PolicyResolver.Resolve(
            spec.Region, accountId, primary.Spec.Service, keyClass.Spec.Access, spec.Access ?? primary.Spec.Access, spec.Policy?.Override, statements);
    }

    /// <summary>The policy for a replica of a primary that is managed elsewhere.</summary>
    /// <param name="spec">The replica's spec.</param>
    /// <param name="primaryRegion">The primary's Region.</param>
    /// <param name="primaryPolicy">The primary's policy; null where it is not known.</param>
    /// <param name="keyClass">The class that the replica names.</param>
    /// <param name="accountId">The account of both keys.</param>
    public static Resolved<KeyPolicy> Of(KeyReplicaSpec spec, string primaryRegion, string? primaryPolicy, KeyClass keyClass, string accountId)
    {
        if (!Inherits(spec))
        {
            return PolicyResolver.Resolve(
                spec.Region, accountId, null, keyClass.Spec.Access, spec.Access, spec.Policy?.Override, spec.Policy?.AdditionalStatements);
        }

        if (primaryPolicy is null)
        {
            return PolicyResolver.Extend(null, "", spec.Policy?.AdditionalStatements);
        }

        using var document = JsonDocument.Parse(primaryPolicy);
        return PolicyResolver.Extend(
            PolicyRelocation.ToRegion(document.RootElement, primaryRegion, spec.Region), $"the policy of {spec.PrimaryKeyArn}", spec.Policy?.AdditionalStatements,
            isKept: true);
    }

    private static bool Inherits(KeyReplicaSpec spec) => spec.Policy?.Override is null && !ClassPermissions.GivesAnything(spec.Access);
}
