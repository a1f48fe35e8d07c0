using System.Text;
using System.Xml;

namespace KmsSimulator.Sts;

/// <summary>Text that XML can hold.</summary>
internal static class XmlText
{
    /// <summary>The text with U+FFFD for each character that XML 1.0 does not allow.</summary>
    public static string Of(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (XmlConvert.IsXmlChar(text[i]))
            {
                result.Append(text[i]);
            }
            else if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i]))
            {
                result.Append(text, i++, 2);
            }
            else
            {
                result.Append('\uFFFD');
            }
        }

        return result.ToString();
    }
}
