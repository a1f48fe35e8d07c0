namespace KmsOperator.Planning;

/// <summary>
/// Finds for each wanted grant the one that the key has for it: the operator's own of that name and content, else one that others made and that means exactly the same. The first way is never left
/// for the second: the operator keeps what it made.
/// </summary>
public static class GrantMatching
{
    /// <summary>The wanted grants that the key has, with the grants that they are; the others are missing.</summary>
    /// <param name="wanted">The grants that a key must have.</param>
    /// <param name="grants">All grants of the key.</param>
    public static IReadOnlyDictionary<DesiredGrant, ObservedGrant> Match(IReadOnlyList<DesiredGrant> wanted, IReadOnlyList<ObservedGrant> grants)
    {
        // KMS lists a grant twice only if it was made twice; the older one stays.
        var ordered = grants.OrderBy(grant => grant.CreationDate ?? DateTimeOffset.MaxValue).ThenBy(grant => grant.Id, StringComparer.Ordinal).ToArray();
        var matches = new Dictionary<DesiredGrant, ObservedGrant>(ReferenceEqualityComparer.Instance);
        foreach (var one in wanted)
        {
            var own = ordered.FirstOrDefault(grant => grant.IsOwn && grant.KmsName == one.KmsName);

            // Entries that mean the same share a grant only where there are not enough.
            var equal = own is null ? ordered.Where(grant => !grant.IsOwn && grant.MeansTheSameAs(one)).ToArray() : [];
            if ((own ?? equal.FirstOrDefault(grant => !matches.ContainsValue(grant)) ?? equal.LastOrDefault()) is { } match)
            {
                matches[one] = match;
            }
        }

        return matches;
    }

    /// <summary>
    /// The grants of others on which wanted grants counted and count no more. They still give access, and the operator does not take back what it did not make.
    /// </summary>
    /// <param name="recorded">Ids of the grants on which the resource has counted.</param>
    /// <param name="wanted">The grants that the key must have.</param>
    /// <param name="grants">All grants of the key.</param>
    public static IReadOnlyList<ObservedGrant> FindLeft(IEnumerable<string> recorded, IReadOnlyList<DesiredGrant> wanted, IReadOnlyList<ObservedGrant> grants)
    {
        var known = recorded.ToHashSet(StringComparer.Ordinal);
        return known.Count == 0 ? [] : [.. grants.Where(grant => !grant.IsOwn && grant.Id is { } id && known.Contains(id) && !wanted.Any(grant.MeansTheSameAs))];
    }
}
