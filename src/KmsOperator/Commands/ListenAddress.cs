using System.Globalization;

namespace KmsOperator;

/// <summary>Where a small HTTP server listens.</summary>
/// <param name="Host">Name or address; <c>*</c> for all.</param>
/// <param name="Port">1 to 65535.</param>
internal sealed record ListenAddress(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c> or <c>:port</c>; <c>0</c> alone means nowhere, as in controller-runtime.</summary>
    /// <exception cref="FormatException">Neither.</exception>
    public static ListenAddress? Parse(string text)
    {
        if (text is "0" or "")
        {
            return null;
        }

        var colon = text.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
        {
            throw new FormatException("is not an address such as :8081 or 127.0.0.1:8081 (0 switches it off)");
        }

        return new ListenAddress(colon == 0 || text[..colon] == "0.0.0.0" ? "*" : text[..colon], port);
    }

    /// <summary>The prefix for an HTTP listener.</summary>
    public string Prefix => string.Create(CultureInfo.InvariantCulture, $"http://{Host}:{Port}/");
}
