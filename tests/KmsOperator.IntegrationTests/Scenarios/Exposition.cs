using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>A scrape, read strictly: every line is a comment that belongs to a family, or a sample of the family before it.</summary>
/// <remarks>Source: Prometheus, "Exposition formats", text-based format.</remarks>
internal sealed partial class Exposition
{
    private readonly Dictionary<string, double> _samples = [];

    /// <summary>Type by family, for example <c>counter</c>.</summary>
    public Dictionary<string, string> Types { get; } = [];

    /// <summary>Names of labels by family, without <c>le</c>.</summary>
    public Dictionary<string, SortedSet<string>> Labels { get; } = [];

    public static Exposition Read(string text)
    {
        var read = new Exposition();
        var family = "";
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var words = line.Split(' ');
                family = words[2];
                Assert.True(read.Types.TryAdd(family, words[3]), $"{family} stands twice.");
                read.Labels[family] = new(StringComparer.Ordinal);
                continue;
            }

            if (line.StartsWith('#'))
            {
                continue;
            }

            var sample = Sample().Match(line);
            Assert.True(sample.Success, line);
            var name = sample.Groups["name"].Value;
            Assert.True(
                name == family || (read.Types[family] == "histogram" && name[family.Length..] is "_bucket" or "_sum" or "_count"), $"{name} is under {family}.");
            var labels = sample.Groups["label"].Captures.Zip(sample.Groups["value"].Captures, (label, value) => (Name: label.Value, Value: value.Value)).ToArray();
            read.Labels[family].UnionWith(labels.Select(label => label.Name).Where(label => label != "le"));
            var key = $"{name}{{{string.Join(",", labels.OrderBy(label => label.Name, StringComparer.Ordinal).Select(label => $"{label.Name}={label.Value}"))}}}";
            Assert.True(read._samples.TryAdd(key, double.Parse(sample.Groups["number"].Value, CultureInfo.InvariantCulture)), $"{key} stands twice.");
        }

        return read;
    }

    /// <summary>The sum of all samples of a name that have these labels, each <c>name=value</c>; 0 when there is none.</summary>
    public double Sum(string name, params string[] labels) => _samples
        .Where(sample => sample.Key.StartsWith(name + "{", StringComparison.Ordinal))
        .Where(sample => sample.Key[(name.Length + 1)..^1].Split(',') is var has && labels.All(label => has.Contains(label)))
        .Sum(sample => sample.Value);

    /// <summary>Whether there is a sample of a name with these labels, each <c>name=value</c>.</summary>
    public bool Has(string name, params string[] labels) => _samples.Keys.Any(key =>
        key.StartsWith(name + "{", StringComparison.Ordinal) && key[(name.Length + 1)..^1].Split(',') is var has && labels.All(label => has.Contains(label)));

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?<label>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>[^"]*)",?)*\})? (?<number>[-+.eE0-9]+|NaN|\+Inf)( [0-9]+)?$""")]
    private static partial Regex Sample();
}
