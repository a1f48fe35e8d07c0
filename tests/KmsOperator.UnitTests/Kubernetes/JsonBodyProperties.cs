using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using KmsOperator.Kubernetes;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>What is sent to the API server is JSON, and YAML as well, since the server parses apply patches as YAML.</summary>
public sealed class JsonBodyProperties
{
    private static readonly string[] Unusual = ["🙂", "\ud83d", "\ude42", "\ude42\ud83d", "\u2028", "\u0085", "\ufeff", "\uffff", "\\", "\"", "\t", "\0", "\x7f", "ü", "👩‍👩‍👧"];

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.Char.Array[0, 20].Select(chars => new string(chars)),
        Gen.Int[0, Unusual.Length - 1].Select(index => Unusual[index]).Array[0, 6].Select(string.Concat));

    [Fact]
    public void Every_character_of_Unicode_is_read_back_as_it_was_by_JSON_and_by_YAML()
    {
        for (var start = 0; start <= 0x10FFFF; start += 0x800)
        {
            var text = new StringBuilder();
            for (var codePoint = start; codePoint < start + 0x800; codePoint++)
            {
                if (Rune.IsValid(codePoint))
                    text.Append(new Rune(codePoint).ToString());
            }
            Check(text.ToString());
        }
    }

    [Fact]
    public void Any_text_is_read_back_with_lone_surrogates_replaced() => AnyText.Sample(Check, iter: 20_000);

    [Fact]
    public void Names_numbers_and_nested_values_are_written_as_they_are()
    {
        var json = JsonNode.Parse("""{"🙂":{"a":[1,-2.5e3,true,false,null,"x",{}],"b":[]}}""")!;

        Assert.Equal("""{"🙂":{"a":[1,-2.5e3,true,false,null,"x",{}],"b":[]}}""", Encoding.UTF8.GetString(json.ToUtf8Bytes()));
    }

    private static void Check(string text)
    {
        var written = new JsonObject { ["value"] = text }.ToUtf8Bytes();
        // UTF-16 has no other way to write a lone surrogate's replacement.
        var expected = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

        Assert.Equal(expected, JsonDocument.Parse(written).RootElement.GetProperty("value").GetString());
        var utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(written);
        Assert.All(utf8.EnumerateRunes().Select(rune => rune.Value).Distinct(), codePoint => Assert.True(IsPrintableInYaml(codePoint), $"U+{codePoint:X4}"));
        Assert.DoesNotContain("\\ud8", utf8, StringComparison.Ordinal);
        var yaml = new YamlStream();
        yaml.Load(new StringReader(utf8));
        var root = (YamlMappingNode)yaml.Documents[0].RootNode;
        Assert.Equal(expected, ((YamlScalarNode)root.Children.Single().Value).Value);
    }

    /// <remarks>Source: YAML 1.1, production c-printable; without its line breaks, which would be folded inside quotes.</remarks>
    private static bool IsPrintableInYaml(int codePoint) =>
        codePoint is (>= 0x20 and <= 0x7E) or (>= 0xA0 and <= 0x2027) or (>= 0x202A and <= 0xD7FF) or (>= 0xE000 and <= 0xFEFE)
            or (>= 0xFF00 and <= 0xFFFD) or (>= 0x10000 and <= 0x10FFFF);
}
