using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>Sets tags.</summary>
/// <param name="Tags">Tags to add or change.</param>
public sealed record TagResourceStep(IReadOnlyDictionary<string, string> Tags)
    : KeyStep("TagResource", DriftField.Tags, string.Join(", ", Tags.Order(TagOrder).Select(tag => $"{tag.Key}={tag.Value}")))
{
    private static readonly Comparer<KeyValuePair<string, string>> TagOrder =
        Comparer<KeyValuePair<string, string>>.Create((x, y) => string.CompareOrdinal(x.Key, y.Key));

    /// <inheritdoc />
    public override bool NeedsRecord => false;

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key)
    {
        var tags = new Dictionary<string, string>(key.Tags);
        foreach (var (name, value) in Tags)
        {
            tags[name] = value;
        }

        return key with { Tags = tags };
    }

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => StaleTags.Replace(seen, before, ApplyTo(before));
}

/// <summary>Removes tags that the operator wrote earlier.</summary>
/// <param name="TagKeys">Keys of the tags.</param>
public sealed record UntagResourceStep(IReadOnlyList<string> TagKeys)
    : KeyStep("UntagResource", DriftField.Tags, string.Join(", ", TagKeys.Order(StringComparer.Ordinal)))
{
    /// <inheritdoc />
    public override bool DelaysRelease => true;

    /// <inheritdoc />
    /// <remarks>A key keeps the mark of an earlier resource until it carries the mark of this one, or nobody would find it.</remarks>
    public override bool DependsOn(KeyStep refused) =>
        (refused is TagResourceStep add && add.Tags.ContainsKey(TagNames.Uid) && (TagKeys.Contains(TagNames.Released) || TagKeys.Contains(TagNames.DeletedBy)))
        || base.DependsOn(refused);

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Tags = key.Tags.Where(tag => !TagKeys.Contains(tag.Key)).ToDictionary() };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => StaleTags.Replace(seen, before, ApplyTo(before));
}

/// <summary>Replaces stale tags one by one: KMS may show some of them old and others new.</summary>
internal static class StaleTags
{
    public static ObservedKey Replace(ObservedKey seen, ObservedKey before, ObservedKey after)
    {
        Dictionary<string, string>? replaced = null;
        foreach (var name in before.Tags.Keys.Union(after.Tags.Keys))
        {
            var old = before.Tags.GetValueOrDefault(name);
            var written = after.Tags.GetValueOrDefault(name);
            if (old == written || seen.Tags.GetValueOrDefault(name) != old)
            {
                continue;
            }

            replaced ??= new Dictionary<string, string>(seen.Tags);
            if (written is null)
            {
                replaced.Remove(name);
            }
            else
            {
                replaced[name] = written;
            }
        }

        return replaced is null ? seen : seen with { Tags = replaced };
    }
}
