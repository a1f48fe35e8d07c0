namespace KmsOperator.Planning;

/// <summary>Compares the grants that a key must have with those on it. It makes what is missing, revokes what the operator made and nobody wants, and does nothing about the grants of others.</summary>
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

        var matches = GrantMatching.Match(desired.Grants, grants);
        DesiredGrant[] missing = desired.Enabled ? [.. desired.Grants.Where(wanted => !matches.ContainsKey(wanted))] : [];
        return
        [
            .. missing.Select(wanted => new CreateGrantStep(wanted)),
            .. grants.Where(grant => grant.IsOwn && !matches.Values.Contains(grant, ReferenceEqualityComparer.Instance))
                .Select(grant => new RevokeGrantStep(grant, missing.FirstOrDefault(wanted => wanted.Name == GrantName.InSpec(grant.KmsName)))),
        ];
    }
}
