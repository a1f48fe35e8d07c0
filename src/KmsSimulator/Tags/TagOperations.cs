using System.Text.Json.Nodes;
using KmsSimulator.Protocol;

namespace KmsSimulator.Tags;

/// <summary>TagResource, UntagResource, ListResourceTags.</summary>
internal static class TagOperations
{
    public static JsonObject TagResource(KmsCall call)
    {
        var tags = TagRules.Read(call.Input, required: true);
        var key = call.KeyToWrite();
        TagRules.Check(tags);
        var all = key.Current.Tags.SetItems(tags);
        TagRules.CheckCount(all.Count);
        call.Owner.Write(key, key.Current with { Tags = all }, call.Now);
        return [];
    }

    public static JsonObject UntagResource(KmsCall call)
    {
        var names = call.Input.Strings("TagKeys", 1, TagRules.MaxKey, required: true);
        var key = call.KeyToWrite();
        foreach (var name in names)
            TagRules.CheckKey(name);

        // Keys that the resource does not have are no error.
        call.Owner.Write(key, key.Current with { Tags = key.Current.Tags.RemoveRange(names) }, call.Now);
        return [];
    }

    public static JsonObject ListResourceTags(KmsCall call)
    {
        var paging = call.Paging(50, 50);
        var (_, record) = call.KeyToRead();
        return paging.Page(
            "Tags",
            new SortedSet<string>(record.Tags.Keys, StringComparer.Ordinal),
            name => name,
            name => TagRules.Show(new(name, record.Tags[name])));
    }
}
