using System.Text;

namespace KmsOperator.Kubernetes;

/// <summary>Text whose length is limited in bytes.</summary>
internal static class Utf8Text
{
    private const char Ellipsis = '…';
    private const int EllipsisBytes = 3;

    /// <summary>Returns the text, or as many whole characters of it as fit, with an ellipsis at the end.</summary>
    /// <param name="text">Any text. Lone surrogates count as the replacement character.</param>
    /// <param name="bytes">The limit in UTF-8 bytes; 3 or more.</param>
    public static string Truncate(string text, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= bytes)
            return text;
        var room = bytes - EllipsisBytes;
        var kept = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            room -= rune.Utf8SequenceLength;
            if (room < 0)
                break;
            kept.Append(rune.ToString());
        }
        return kept.Append(Ellipsis).ToString();
    }
}
