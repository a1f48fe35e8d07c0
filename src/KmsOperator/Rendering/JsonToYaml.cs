using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.Rendering;

/// <summary>Writes JSON values as YAML that reads back as the same values.</summary>
internal static partial class JsonToYaml
{
    /// <summary>One YAML document, without a final line break.</summary>
    public static string Write(JsonNode node)
    {
        using var text = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(Convert(node))).Save(text, assignAnchors: false);

        // The stream ends its document with a marker that nothing needs here.
        return text.ToString().TrimEnd().TrimEnd('.').TrimEnd();
    }

    private static YamlNode Convert(JsonNode? node) => node switch
    {
        null => new YamlScalarNode("null"),
        JsonObject json => new YamlMappingNode(json.Select(member => KeyValuePair.Create<YamlNode, YamlNode>(Scalar(member.Key), Convert(member.Value)))),
        JsonArray array => new YamlSequenceNode(array.Select(Convert)),
        _ when node.GetValueKind() == JsonValueKind.String => Scalar(node.GetValue<string>()),
        _ => new YamlScalarNode(node.ToJsonString()),
    };

    /// <summary>Text goes without quotes only where no reader of YAML could take it for anything else.</summary>
    private static YamlScalarNode Scalar(string text) =>
        new(text) { Style = Plain().IsMatch(text) && !Word().IsMatch(text) ? ScalarStyle.Plain : ScalarStyle.DoubleQuoted };

    [GeneratedRegex("^[A-Za-z/][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$")]
    private static partial Regex Plain();

    [GeneratedRegex("^(true|false|null|yes|no|on|off|y|n)$", RegexOptions.IgnoreCase)]
    private static partial Regex Word();
}
