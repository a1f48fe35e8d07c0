using System.Globalization;
using System.Net;

namespace KmsOperator.Configuration;

/// <summary>Where a small HTTP server listens.</summary>
/// <param name="Host">An IP address, <c>localhost</c>, or <c>*</c> for all addresses of both IPv4 and IPv6.</param>
/// <param name="Port">1 to 65535; 0 for any that is free.</param>
internal sealed record ListenAddress(string Host, int Port)
{
    /// <summary>No server at all.</summary>
    public static ListenAddress Nowhere { get; } = new("", 0);

    /// <summary>
    /// Reads <c>:port</c> or <c>host:port</c>, where an IPv6 address stands in brackets; <c>0</c> alone means nowhere, as in controller-runtime.
    /// </summary>
    /// <exception cref="FormatException">Neither.</exception>
    public static ListenAddress Parse(string text)
    {
        if (text is "0" or "")
        {
            return Nowhere;
        }

        var colon = text.LastIndexOf(':');
        if (colon < 0
            || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > IPEndPoint.MaxPort
            || HostOf(text[..colon]) is not { } host)
        {
            throw new FormatException("is not an address such as :8081, 127.0.0.1:8081 or [::1]:8081 (0 switches it off)");
        }

        return new ListenAddress(host, port);
    }

    /// <summary>As it stands in a URL.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}");

    /// <returns>Null for what is no place to listen: a name would have to be looked up, and may have several addresses or other ones tomorrow.</returns>
    private static string? HostOf(string text)
    {
        if (text is "" or "*" or "localhost")
        {
            return text.Length == 0 ? "*" : text;
        }

        var bracketed = text.Length > 2 && text[0] == '[' && text[^1] == ']';
        var bare = bracketed ? text[1..^1] : text;

        // Without brackets nobody can tell where an IPv6 address ends; with them there is no IPv4 one.
        if (bracketed != bare.Contains(':') || !IPAddress.TryParse(bare, out var address) || (!bracketed && bare.Count(c => c == '.') != 3))
        {
            return null;
        }

        // What "all" means to whoever writes it; a family alone can be had by naming one of its addresses.
        return address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? "*" : address.ToString();
    }
}
