using System.Text.RegularExpressions;
using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Importing.Drafting;

/// <summary>A KeyClass that says what the keys of one account and Region have in common.</summary>
/// <param name="Resource">The class.</param>
/// <param name="Access">Its access, as ARNs.</param>
internal sealed partial record ClassDraft(KeyClass Resource, PolicyAccess Access)
{
    private const string FallbackPrefix = "imported";
    private const int DefaultPeriodDays = 365;
    private const int DefaultWindowDays = 30;

    /// <summary>The class's name.</summary>
    public string Name => Resource.Metadata.Name;

    /// <summary>Drafts a class.</summary>
    /// <param name="accountId">12 digits.</param>
    /// <param name="region">Home Region of the keys.</param>
    /// <param name="guards">The guards that the policies of all keys have; null for none.</param>
    /// <param name="keys">The keys and how their policies are said.</param>
    public static ClassDraft Of(string accountId, string region, GuardsSpec? guards, IReadOnlyList<(ForeignKey Key, PolicyFit Fit)> keys)
    {
        var access = AccessOf([.. keys.Where(one => one.Fit.Override is null)]);
        var tags = TagsOf([.. keys.Select(one => ForeignTags.Of(one.Key))]);
        var rotation = MostFrequent(keys.Select(one => one.Key).Where(key => key.PrimaryArn is null && KeySpecs.CanRotate(key.KeySpec, key.KeyUsage)).Select(key => key.Rotation)
            .OfType<ForeignRotation>().Select(one => (one.Enabled, Days: one.Enabled ? one.PeriodDays ?? DefaultPeriodDays : 0)));
        var spec = new KeyClassSpec
        {
            Region = region,
            Account = new AccountSpec { Id = accountId },
            AliasPrefix = PrefixOf(keys),
            Tags = tags.Count > 0 ? tags : null,
            Access = AccessSpecs.Of(access, region, accountId),
            Rotation = rotation is not (var enabled, var days) ? RotationWithin(guards?.RotationPeriodDays) : enabled ? new RotationSpec { Enabled = true, PeriodDays = days } : new RotationSpec { Enabled = false },

            // Whatever the other tool did when a resource went: a manifest that is deleted by mistake must not cost a key.
            DeletionPolicy = DeletionPolicies.Retain,
            PendingDeletionWindowDays = Math.Max(MostFrequent(keys.Select(one => one.Key.DeletionWindowDays).OfType<int>()) ?? DefaultWindowDays, guards?.MinimumPendingDeletionWindowDays ?? 0),
            Permissions = new PermissionsSpec { Adoption = "Allow" },
            Guards = guards,
        };
        return new ClassDraft(new KeyClass { Metadata = new ObjectMeta { Name = $"imported-{accountId}-{region}" }, Spec = spec }, access);
    }

    /// <summary>The prefix that most of the services' aliases have, else the path of most aliases.</summary>
    private static string PrefixOf(IReadOnlyList<(ForeignKey Key, PolicyFit Fit)> keys)
    {
        var ofServices = keys.Where(one => one.Key.PrimaryArn is null && one.Fit.Service is not null).SelectMany(one => one.Key.Aliases
            .Where(alias => alias.EndsWith("/" + one.Fit.Service, StringComparison.Ordinal))
            .Select(alias => alias["alias/".Length..].Length > one.Fit.Service!.Length ? alias["alias/".Length..^(one.Fit.Service.Length + 1)] : ""));
        var ofAll = keys.SelectMany(one => one.Key.Aliases).Where(alias => alias.LastIndexOf('/') > "alias/".Length).Select(alias => alias["alias/".Length..alias.LastIndexOf('/')]);
        return MostFrequentPrefix(ofServices) ?? MostFrequentPrefix(ofAll) ?? FallbackPrefix;
    }

    private static string? MostFrequentPrefix(IEnumerable<string> prefixes) => prefixes
        .Where(prefix => Prefix().IsMatch(prefix) && prefix != "aws" && !prefix.StartsWith("aws/", StringComparison.Ordinal))
        .GroupBy(prefix => prefix, StringComparer.Ordinal)
        .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal)
        .FirstOrDefault()?.Key;

    /// <summary>What all policies give, those of replicas too, which the class serves as well. Users of a single key are that key's own.</summary>
    private static PolicyAccess AccessOf(IReadOnlyList<(ForeignKey Key, PolicyFit Fit)> keys)
    {
        if (keys.Count == 0)
        {
            return PolicyAccess.None;
        }

        var common = keys.Select(one => one.Fit.Access).Aggregate((left, right) => left.Intersect(right));
        return keys.Count(one => one.Key.PrimaryArn is null) > 1 ? common : common with { Users = [], UsersByVerb = PolicyAccess.None.UsersByVerb };
    }

    /// <summary>A rotation that the guards permit, for keys of which none can rotate; null where the default is such.</summary>
    private static RotationSpec? RotationWithin(RotationPeriodLimitsSpec? limits) =>
        Math.Clamp(DefaultPeriodDays, limits?.Minimum ?? 0, limits?.Maximum ?? int.MaxValue) is var days and not DefaultPeriodDays ? new RotationSpec { Enabled = true, PeriodDays = days } : null;

    /// <summary>The tags that all keys have. Those of a single key are its own.</summary>
    private static SortedDictionary<string, string> TagsOf(IReadOnlyList<IReadOnlyDictionary<string, string>> tags) => new(
        tags.Count < 2
            ? []
            : tags[0].Where(tag => tag.Key != TagNames.Name && tags.All(others => others.TryGetValue(tag.Key, out var value) && value == tag.Value)).ToDictionary(),
        StringComparer.Ordinal);

    private static T? MostFrequent<T>(IEnumerable<T> values)
        where T : struct, IComparable<T> =>
        values.GroupBy(value => value).OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key).Select(group => (T?)group.Key).FirstOrDefault();

    [GeneratedRegex("^[a-zA-Z0-9/_-]{1,200}$")]
    private static partial Regex Prefix();
}
