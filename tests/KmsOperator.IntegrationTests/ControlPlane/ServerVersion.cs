using System.Globalization;
using System.Text.Json;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>What a server says at <c>/version</c>.</summary>
/// <param name="Text">For example <c>v1.34.0</c>.</param>
/// <param name="Minor">For example 34.</param>
public readonly record struct ServerVersion(string Text, int Minor)
{
    public static ServerVersion Parse(string json)
    {
        using var version = JsonDocument.Parse(json);
        // Some providers write "32+".
        var minor = version.RootElement.GetProperty("minor").GetString()!.TrimEnd('+');
        return new(version.RootElement.GetProperty("gitVersion").GetString()!, int.Parse(minor, CultureInfo.InvariantCulture));
    }
}
