using System.Security.Cryptography;
using System.Text;

namespace KmsOperator.Importing.Drafting;

/// <summary>Names for resources: DNS labels, the same in every run, each once.</summary>
internal static class ResourceNaming
{
    private const int MaxLength = 63;
    private const int HashLength = 8;

    /// <summary>A name for each key by its ARN: from its alias, else from what the other tool calls it. Where two would have the same name, each gets a suffix by its ARN.</summary>
    /// <param name="keys">The keys that get names at the same time, replicas not among them.</param>
    public static Dictionary<string, string> Of(IEnumerable<(ForeignKey Key, string? Alias)> keys) => keys
        .Select(one => (one.Key, Base: BaseOf(one.Key, one.Alias)))
        .GroupBy(one => one.Base, StringComparer.Ordinal)
        .SelectMany(group => group.Select(one => (one.Key.Arn, Name: group.Count() == 1 && group.Key.Length > 0 ? Limited(group.Key, one.Key.Arn) : WithHash(group.Key, one.Key.Arn))))
        .ToDictionary(one => one.Arn, one => one.Name, StringComparer.Ordinal);

    /// <summary>The name of a replica, as the operator names those that it makes itself.</summary>
    /// <param name="primary">Name of the primary's resource.</param>
    /// <param name="replica">The replica.</param>
    public static string OfReplica(string primary, ForeignKey replica) => Limited($"{primary}-{replica.Region}", replica.Arn);

    /// <summary>Lower-case letters, digits and single hyphens.</summary>
    public static string Label(string text)
    {
        var label = new StringBuilder();
        foreach (var letter in text.ToLowerInvariant())
        {
            if (letter is (>= 'a' and <= 'z') or (>= '0' and <= '9'))
                label.Append(letter);
            else if (label.Length > 0 && label[^1] != '-')
                label.Append('-');
        }

        return label.ToString().TrimEnd('-');
    }

    private static string BaseOf(ForeignKey key, string? alias) => Label(alias is null ? key.NameHint : alias["alias/".Length..]);

    private static string Limited(string label, string arn) => label.Length <= MaxLength ? label : WithHash(label, arn);

    private static string WithHash(string label, string arn)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(arn)))[..HashLength];
        var start = label.Length == 0 ? "key" : label[..Math.Min(label.Length, MaxLength - 1 - HashLength)].TrimEnd('-');
        return $"{start}-{hash}";
    }
}
