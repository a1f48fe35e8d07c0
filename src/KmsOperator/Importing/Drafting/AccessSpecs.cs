using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>Writes who has access as manifests do.</summary>
internal static class AccessSpecs
{
    /// <summary>The fields; null when nobody has access.</summary>
    /// <param name="access">Principals as ARNs.</param>
    /// <param name="region">Region of the key.</param>
    /// <param name="accountId">Account of the key: its roles are named without it.</param>
    public static AccessSpec? Of(PolicyAccess access, string region, string accountId)
    {
        var spec = new AccessSpec
        {
            Administrators = Names(access.Administrators),
            Users = Names(access.Users),
            Signers = Verb("signers"),
            Verifiers = Verb("verifiers"),
            Encrypters = Verb("encrypters"),
            Decrypters = Verb("decrypters"),
            MacGenerators = Verb("macGenerators"),
            MacVerifiers = Verb("macVerifiers"),
            TrustedAccounts = access.TrustedAccounts.Count > 0 ? access.TrustedAccounts : null,
            CrossAccountViaService = access.CrossAccountViaService ? true : null,
        };
        return spec == new AccessSpec() ? null : spec;

        string[]? Verb(string name) => Names(access.UsersByVerb.GetValueOrDefault(name) ?? []);

        string[]? Names(IReadOnlyList<string> arns) => arns.Count > 0 ? [.. arns.Select(arn => NameOf(arn, region, accountId))] : null;
    }

    /// <summary>A principal as manifests write it: a role of the key's own account by its name, others by their ARN.</summary>
    /// <param name="arn">The principal.</param>
    /// <param name="region">Region of the key.</param>
    /// <param name="accountId">Account of the key.</param>
    public static string NameOf(string arn, string region, string accountId)
    {
        var partition = Partition.OfRegion(region);
        var ownRole = $"arn:{partition}:iam::{accountId}:role/";
        return arn.StartsWith(ownRole, StringComparison.Ordinal) && PrincipalName.TryResolve(arn[ownRole.Length..], partition, accountId, out var resolved) && resolved == arn
            ? arn[ownRole.Length..]
            : arn;
    }
}
