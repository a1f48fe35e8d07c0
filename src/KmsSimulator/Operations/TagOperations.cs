using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Model;
using KmsSimulator.Protocol;

namespace KmsSimulator.Operations;

/// <summary>TagResource, UntagResource, ListResourceTags.</summary>
internal static class TagOperations
{
    public static JsonNode TagResource(KmsCall call)
    {
        var key = Changeable(call);
        var tags = key.Tags.SetItems(TagRules.Read(call, required: true));
        TagRules.CheckCount(tags.Count);
        call.Region.Put(key with { Tags = tags });
        return new JsonObject();
    }

    public static JsonNode UntagResource(KmsCall call)
    {
        var key = Changeable(call);
        var names = (call.List("TagKeys") ?? throw KmsException.Validation("TagKeys must not be null"))
            .Select(name => name.ValueKind == JsonValueKind.String ? name.GetString()! : "").ToArray();
        foreach (var name in names)
        {
            TagRules.CheckKey(name);
        }

        call.Region.Put(key with { Tags = key.Tags.RemoveRange(names) });
        return new JsonObject();
    }

    public static JsonNode ListResourceTags(KmsCall call)
    {
        var key = call.Key();
        return call.Page(
            "Tags",
            (call.Region.Visible(key.KeyId) ?? key).Tags,
            tag => tag.Key,
            tag => new JsonObject { ["TagKey"] = tag.Key, ["TagValue"] = tag.Value },
            50,
            50);
    }

    private static KeyRecord Changeable(KmsCall call)
    {
        var key = call.Key();
        key.RequireState(call.Now, KeyState.Enabled, KeyState.Disabled, KeyState.PendingImport, KeyState.Creating, KeyState.Updating);
        return key;
    }
}
