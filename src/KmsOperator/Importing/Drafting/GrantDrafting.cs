using System.Security.Cryptography;
using System.Text;
using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Importing.Drafting;

/// <summary>
/// Writes the grants of a key as <c>spec.grants</c>. The operator takes the grants that are there for those of the manifest, so only what means exactly the same may stand in it.
/// </summary>
internal static class GrantDrafting
{
    // As in the CRDs.
    private const int MaxGrants = 50;
    private const int MaxNameLength = 200;
    private const int HashLength = 8;

    /// <summary>The grants that the manifest lists; null for none. They come in the order of their names, which are the same in every run.</summary>
    /// <param name="key">The key.</param>
    public static GrantSpec[]? SpecsOf(ForeignKey key) => Split(key).Said is { Count: > 0 } said ? [.. said] : null;

    /// <summary>The grants that no manifest can say: a sentence each.</summary>
    /// <param name="key">The key.</param>
    public static IEnumerable<string> LeftOf(ForeignKey key) => Split(key).Left;

    private static (IReadOnlyList<GrantSpec> Said, IReadOnlyList<string> Left) Split(ForeignKey key)
    {
        var said = new List<GrantSpec>();
        var left = new List<string>();
        foreach (var (name, grant) in Named(key.Grants).OrderBy(one => one.Name, StringComparer.Ordinal))
        {
            var spec = SpecOf(name, grant, key);
            if (FindObstacle(spec, grant, key) is { } obstacle)
            {
                left.Add($"the grant {grant.Label} for {grant.GranteePrincipal ?? "an unknown principal"} stays in KMS as it is and is not in spec.grants: {obstacle}");
            }
            else if (said.Count == MaxGrants)
            {
                left.Add($"the grant {grant.Label} for {grant.GranteePrincipal} stays in KMS as it is: spec.grants has room for {MaxGrants}");
            }
            else
            {
                said.Add(spec);
            }
        }

        return (said, left);
    }

    private static GrantSpec SpecOf(string name, ForeignGrant grant, ForeignKey key) => new()
    {
        Name = name,
        GranteePrincipal = NameOf(grant.GranteePrincipal, key),
        Operations = [.. grant.Operations.Distinct().Order(StringComparer.Ordinal)],
        EncryptionContextEquals = Sorted(grant.EncryptionContextEquals),
        EncryptionContextSubset = Sorted(grant.EncryptionContextSubset),
        RetiringPrincipal = NameOf(grant.RetiringPrincipal, key),
    };

    private static SortedDictionary<string, string>? Sorted(IReadOnlyDictionary<string, string>? pairs) =>
        pairs is null ? null : new SortedDictionary<string, string>(pairs.ToDictionary(), StringComparer.Ordinal);

    private static string? NameOf(string? principal, ForeignKey key) => principal is null ? null : AccessSpecs.NameOf(principal, key.Region, key.AccountId);

    private static string? FindObstacle(GrantSpec spec, ForeignGrant grant, ForeignKey key)
    {
        if (grant.Obstacle is not null)
        {
            return grant.Obstacle;
        }

        if (grant.Name is { } name && GrantName.IsOwn(name))
        {
            return $"its name {name} begins as those that the operator gives, so the operator would take it for one of its own and revoke it. Make it anew under another name first";
        }

        var checkedKey = new ServiceKey { Spec = new ServiceKeySpec { KeySpec = key.KeySpec, KeyUsage = key.KeyUsage, Grants = [spec] } };
        if (SpecValidation.Validate(checkedKey).FirstOrDefault(error => error.Field.StartsWith("spec.grants", StringComparison.Ordinal)) is { } wrong)
        {
            return wrong.Message;
        }

        var (resolved, error) = GrantResolver.Resolve([spec], new KeyLocation(key.AccountId, key.Region));
        return error?.Message
            ?? (grant.Observed.MeansTheSameAs(resolved!.Single()) ? null : $"{grant.GranteePrincipal} is no principal that exists, perhaps a role that was deleted. Revoke the grant if nobody needs it");
    }

    /// <summary>The grants with names that the CRDs permit: KMS's own where it is such a name, else from the tool's. Where two would have the same, each gets a suffix by what the tool calls it.</summary>
    private static IEnumerable<(string Name, ForeignGrant Grant)> Named(IReadOnlyList<ForeignGrant> grants) => grants
        .Select(grant => (Base: BaseOf(grant), Grant: grant))
        .GroupBy(one => one.Base, StringComparer.Ordinal)
        .SelectMany(group => group.Select(one => (group.Count() == 1 && one.Base.Length is > 0 and <= MaxNameLength ? one.Base : WithHash(one.Base, one.Grant.Label), one.Grant)));

    private static string BaseOf(ForeignGrant grant) => grant.Name is { } name && name.All(IsPermitted) ? name : ResourceNaming.Label(grant.Name ?? grant.NameHint);

    private static bool IsPermitted(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is ':' or '/' or '_' or '-';

    private static string WithHash(string name, string label)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(label)))[..HashLength];
        return $"{(name.Length == 0 ? "grant" : name[..Math.Min(name.Length, MaxNameLength - 1 - HashLength)])}-{hash}";
    }
}
