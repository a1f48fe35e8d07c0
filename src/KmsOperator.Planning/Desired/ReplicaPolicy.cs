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
            return PolicyResolver.Extend(Here(document), $"spec.policy.override of ServiceKey {primary.Metadata.Name}", spec.Policy?.AdditionalStatements, keyClass.Spec.Guards);
        }

        var statements = spec.Policy?.AdditionalStatements
            ?? (spec.Policy?.Override is null ? theirs?.AdditionalStatements?.Select(Here).ToArray() : null);
        var actions = KeyActions.TryGet(primary.Spec.KeySpec ?? KeySpecs.Default, primary.Spec.KeyUsage ?? KeySpecs.DefaultUsage)!;
        return PolicyResolver.Resolve(
            spec.Region, accountId, primary.Spec.Service, ServiceParameters.InRegion(primary.Spec.ServiceParameters, keyClass.Spec.Region, spec.Region),
            spec.Policy?.Preset ?? theirs?.Preset, actions, keyClass.Spec, spec.Access ?? primary.Spec.Access, spec.Policy?.Override, statements);
    }

    /// <summary>The policy for a replica of a primary that is managed elsewhere.</summary>
    /// <param name="spec">The replica's spec.</param>
    /// <param name="primaryRegion">The primary's Region.</param>
    /// <param name="primary">The primary; null where it is not known.</param>
    /// <param name="keyClass">The class that the replica names.</param>
    /// <param name="accountId">The account of both keys.</param>
    public static Resolved<KeyPolicy> Of(KeyReplicaSpec spec, string primaryRegion, ObservedKey? primary, KeyClass keyClass, string accountId)
    {
        if (!Inherits(spec))
        {
            return OfItsOwn(spec, primary, keyClass, accountId);
        }

        if (primary is null)
        {
            return PolicyResolver.Extend(null, "", spec.Policy?.AdditionalStatements, keyClass.Spec.Guards);
        }

        using var document = JsonDocument.Parse(primary.Policy);
        return PolicyResolver.Extend(
            PolicyRelocation.ToRegion(document.RootElement, primaryRegion, spec.Region), $"the policy of {spec.PrimaryKeyArn}", spec.Policy?.AdditionalStatements,
            keyClass.Spec.Guards, isKept: true);
    }

    private static Resolved<KeyPolicy> OfItsOwn(KeyReplicaSpec spec, ObservedKey? primary, KeyClass keyClass, string accountId)
    {
        var actions = primary is null ? null : KeyActions.TryGet(primary.KeySpec, primary.KeyUsage);
        if (primary is not null && actions is null && spec.Policy?.Override is null)
        {
            return ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.access: what users do with keys of usage {primary.KeyUsage} is not known here, so that no policy can be generated. Write the whole policy in spec.policy.override.");
        }

        var policy = PolicyResolver.Resolve(
            spec.Region, accountId, null, ServiceParameters.InRegion(null, spec.Region, spec.Region), spec.Policy?.Preset, actions, keyClass.Spec, spec.Access, spec.Policy?.Override,
            spec.Policy?.AdditionalStatements);

        // What is generated follows the primary's usage, which only AWS knows; mistakes in the spec are mistakes with any usage.
        return primary is null && spec.Policy?.Override is null && policy.Error is null ? default : policy;
    }

    private static bool Inherits(KeyReplicaSpec spec) => spec.Policy?.Override is null && !ClassPermissions.GivesAnything(spec.Access);
}
