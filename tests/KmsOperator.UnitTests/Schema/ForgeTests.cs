using System.Text.RegularExpressions;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.UnitTests.Schema;

/// <summary>Nothing lives in the forge's workflows alone.</summary>
public sealed partial class ForgeTests
{
    public static TheoryData<string> Workflows =>
        [.. Directory.EnumerateFiles(RepositoryFiles.Path(".github", "workflows"), "*.yaml").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Workflows))]
    public void A_workflow_runs_only_targets_that_exist(string file)
    {
        var targets = Target().Matches(File.ReadAllText(RepositoryFiles.Path("Makefile"))).Select(target => target.Groups[1].Value).ToHashSet();
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(RepositoryFiles.Path(".github", "workflows", file))));
        var steps = ((YamlMappingNode)stream.Documents.Single().RootNode["jobs"]).Children.Values.SelectMany(job => (YamlSequenceNode)job["steps"]).Cast<YamlMappingNode>();
        foreach (var step in steps.Where(step => step.Children.ContainsKey("run")))
        {
            var command = step["run"].ToString();
            if (command.EndsWith("bash .ci/run", StringComparison.Ordinal))
            {
                continue;
            }

            var words = Expression().Replace(command, "x").Split(' ');
            Assert.Equal("make", words[0]);
            Assert.All(words[1..].Where(word => !word.Contains('=', StringComparison.Ordinal)), word => Assert.Contains(word, targets));
        }
    }

    [GeneratedRegex(@"\$\{\{.*?\}\}")]
    private static partial Regex Expression();

    [GeneratedRegex("^([a-z-]+):", RegexOptions.Multiline)]
    private static partial Regex Target();
}
