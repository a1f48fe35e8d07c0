using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>Holds the size of a document against a limit.</summary>
internal static class JsonSize
{
    // An escape such as \u001f.
    private const int MostBytesOfACharacter = 6;

    // Quotes, colon and comma.
    private const int MostBytesAround = 4;

    /// <summary>Whether a document is longer than a number of bytes. Only what could be is written out for it, which takes long.</summary>
    public static bool Exceeds(JsonNode json, int limit) => AtMost(json) > limit && JsonBody.ToUtf8Bytes(json).Length > limit;

    private static long AtMost(JsonNode? node) => MostBytesAround + node switch
    {
        JsonObject map => map.Sum(entry => AtMost(entry.Key.Length) + AtMost(entry.Value)),
        JsonArray list => list.Sum(AtMost),
        null => 0,
        _ when node.GetValueKind() == JsonValueKind.String => AtMost(node.GetValue<string>().Length),
        _ => node.ToJsonString().Length,
    };

    private static long AtMost(int characters) => MostBytesAround + ((long)characters * MostBytesOfACharacter);
}
