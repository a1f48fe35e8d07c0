namespace KmsOperator.Planning;

/// <summary>Compares the grants that a key must have with those that the operator made on it. It does nothing about other grants.</summary>
internal static class GrantPlanner
{
    /// <summary>
    /// The steps, if the grants were read. KMS makes no grants on a disabled key: the missing ones wait until it is enabled, and nobody can use the key
    /// meanwhile, so obsolete ones go at once.
    /// </summary>
    /// <param name="desired">The key as it must be.</param>
    /// <param name="observed">The key as it is.</param>
    public static IEnumerable<KeyStep> Plan(DesiredKey desired, ObservedKey observed)
    {
        if (observed.Grants is not { } grants)
        {
            return [];
        }

        // KMS lists a grant twice only if it was made twice; the older one stays.
        var own = grants.Where(grant => grant.IsOwn).OrderBy(grant => grant.CreationDate ?? DateTimeOffset.MaxValue).ThenBy(grant => grant.Id, StringComparer.Ordinal).ToArray();
        var kept = desired.Grants.Select(wanted => own.FirstOrDefault(grant => grant.KmsName == wanted.KmsName)).OfType<ObservedGrant>().ToArray();
        DesiredGrant[] missing = desired.Enabled ? [.. desired.Grants.Where(wanted => !kept.Any(grant => grant.KmsName == wanted.KmsName))] : [];
        return
        [
            .. missing.Select(wanted => new CreateGrantStep(wanted)),
            .. own.Except(kept).Select(grant => new RevokeGrantStep(grant, missing.FirstOrDefault(wanted => wanted.Name == GrantName.InSpec(grant.KmsName)))),
        ];
    }
}
