using KmsOperator.Api;

namespace KmsOperator.Keys.Ownership;

/// <summary>Aliases that a resource had, or was to get, and does not have and is not to get any more. Other resources may have waited for them.</summary>
/// <param name="Region">Where they are.</param>
/// <param name="Names">Full names.</param>
internal sealed record AliasesLost(string Region, IReadOnlyList<string> Names)
{
    /// <summary>What a resource has lost between two statuses.</summary>
    /// <param name="old">The status before.</param>
    /// <param name="now">The status after; null where the resource is gone.</param>
    /// <returns>Null when it has lost none.</returns>
    public static AliasesLost? Between(KeyStatus? old, KeyStatus? now)
    {
        if (old is not { KeyId: not null, Region: { } region, AliasName: { } alias }
            || (alias == now?.AliasName && ReferenceEquals(old.AdditionalAliases, now.AdditionalAliases)))
        {
            return null;
        }

        string[] lost = [.. NamesIn(old).Except(now is null ? [] : NamesIn(now))];
        return lost.Length == 0 ? null : new AliasesLost(region, lost);
    }

    private static IEnumerable<string> NamesIn(KeyStatus status) => (status.AdditionalAliases ?? []).Concat(status.AliasName is { } alias ? [alias] : []);
}
