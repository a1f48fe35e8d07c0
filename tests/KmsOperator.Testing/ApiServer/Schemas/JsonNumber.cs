using System.Globalization;
using System.Text.Json.Nodes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>Reads JSON numbers, however the node that holds them was made.</summary>
internal static class JsonNumber
{
    public static bool IsInteger(JsonNode node, out long number) =>
        long.TryParse(node.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    public static double ToDouble(JsonNode node) => double.Parse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture);
}
