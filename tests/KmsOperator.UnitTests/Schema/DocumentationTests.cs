using System.Text.RegularExpressions;
using KmsOperator.Api;
using KmsOperator.Commands;
using KmsOperator.Manifests;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Schema;

/// <summary>What the documentation shows and names is there: links, manifests, flags, targets, paths, messages.</summary>
public sealed partial class DocumentationTests
{
    // Flags of other programs that the pages name on their own.
    private static readonly string[] OthersFlags = ["--wait", "--validate", "--server-side", "--check"];

    public static TheoryData<string> Pages => [.. MarkdownPage.All.Select(page => page.File)];

    [Theory, MemberData(nameof(Pages))]
    public void Links_lead_to_files_and_headings_that_exist(string file)
    {
        var page = MarkdownPage.Of(file);
        foreach (var link in page.Links.Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal)))
        {
            var (path, anchor) = link.Split('#') is [var before, var after] ? (before, after) : (link, null);
            var target = path.Length == 0 ? file : Path.GetRelativePath(RepositoryFiles.Root, RepositoryFiles.Path(Path.GetDirectoryName(file)!, path));
            Assert.True(Path.Exists(RepositoryFiles.Path(target)), $"{file}: {link} leads nowhere");
            Assert.True(anchor is null || MarkdownPage.Of(target).Anchors.Contains(anchor), $"{file}: {link}: there is no such heading");
        }
    }

    [Theory, MemberData(nameof(Pages))]
    public void Manifests_of_our_kinds_are_valid(string file)
    {
        foreach (var (_, text) in MarkdownPage.Of(file).Blocks.Where(block => block.Language == "yaml" && block.Text.Contains($"apiVersion: {ApiGroup.Name}/", StringComparison.Ordinal)))
        {
            var set = ManifestLoader.Parse(file, text);
            Assert.Empty(set.Errors);
            Assert.NotEmpty(set.Resources);
            Assert.Empty(set.Resources.SelectMany(manifest => manifest.Resource switch
            {
                KeyClass keyClass => SpecValidation.Validate(keyClass),
                ServiceKey key => SpecValidation.Validate(key),
                var replica => SpecValidation.Validate((KeyReplica)replica),
            }));
        }
    }

    [Theory, MemberData(nameof(Pages))]
    public void Flags_that_are_named_exist(string file)
    {
        var page = MarkdownPage.Of(file);
        var alone = page.Spans.Where(span => span.StartsWith("--", StringComparison.Ordinal));
        var commands = page.Spans.Concat(page.Blocks.SelectMany(block => block.Text.Split('\n'))).SelectMany(text => OwnCommand().Matches(text).Select(command => command.Value));

        var named = alone.Concat(commands).SelectMany(text => LongFlag().Matches(text)).Select(flag => flag.Groups[1].Value).Distinct().Except(OthersFlags);
        Assert.Empty(named.Except([.. OperatorFlagNames(), .. SimulatorFlagNames()]));
    }

    [Fact]
    public void Every_flag_of_the_operator_is_documented() =>
        Assert.Empty(OperatorFlagNames().Except(((string[])["concepts", "command-line", "plan", "inspect", "migrating"]).SelectMany(page => Named($"docs/{page}.md"))));

    [Fact]
    public void Every_flag_of_the_simulator_is_documented_on_its_page() =>
        Assert.Empty(SimulatorFlagNames().Except(Named("docs/simulator.md")));

    [Theory, MemberData(nameof(Pages))]
    public void Make_targets_that_are_named_exist(string file)
    {
        var page = MarkdownPage.Of(file);
        var targets = Target().Matches(File.ReadAllText(RepositoryFiles.Path("Makefile"))).Select(target => target.Groups[1].Value);
        var named = page.Spans.Concat(page.Blocks.Where(block => block.Language is "sh" or "console" or "").SelectMany(block => block.Text.Split('\n')))
            .SelectMany(text => Make().Matches(text)).Select(make => make.Groups[1].Value).Distinct();

        Assert.Empty(named.Except(targets));
    }

    [Theory, MemberData(nameof(Pages))]
    public void Paths_that_are_named_exist(string file)
    {
        var page = MarkdownPage.Of(file);
        var named = page.Spans.Concat(page.Blocks.Where(block => block.Language is "sh" or "console" or "").Select(block => block.Text))
            .SelectMany(text => RepositoryPath().Matches(text)).Select(path => path.Groups[1].Value.TrimEnd('/', '.')).Distinct();

        Assert.All(named, path => Assert.True(Path.Exists(RepositoryFiles.Path(path)), $"{file}: {path} does not exist"));
    }

    [Theory]
    [InlineData("docs/slos.md")]
    [InlineData("docs/metrics.md")]
    [InlineData("docs/troubleshooting.md")]
    public void Metrics_that_are_queried_are_in_the_table_of_metrics(string file)
    {
        var page = MarkdownPage.Of(file);
        var known = MarkdownPage.Of("docs/metrics.md").Spans.Where(span => Metric().Match(span).Value == span).ToHashSet();
        var named = page.Spans.Concat(page.Blocks.Select(block => block.Text)).SelectMany(text => Metric().Matches(text)).Select(metric => Series().Replace(metric.Value, ""));

        Assert.Empty(named.Distinct().Except(known));
    }

    [Fact]
    public void The_index_of_the_documentation_names_every_page()
    {
        var linked = MarkdownPage.Of("docs/README.md").Links.Select(link => link.Split('#')[0].TrimEnd('/')).ToHashSet();

        Assert.Empty(Directory.EnumerateFiles(RepositoryFiles.Path("docs"), "*.md").Select(page => Path.GetFileName(page)).Where(name => name != "README.md").Except(linked));
    }

    [Fact]
    public void The_message_that_the_README_quotes_is_the_operator_s()
    {
        var message = KeyPlanner.AliasConflict("alias/acme/s3", "8dff9c2f-6d6a-4f8e-9d2f-0c3f1b7a5e21", new KeyLocation("123456789012", "eu-central-1"), null).Message;

        Assert.Contains(message, string.Join('\n', MarkdownPage.Of("README.md").Blocks.Select(block => block.Text)), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Named(string file) => MarkdownPage.Of(file).Spans.SelectMany(span => LongFlag().Matches(span)).Select(flag => flag.Groups[1].Value);

    private static string[] OperatorFlagNames() =>
        [.. Verbs().SelectMany(command => command.Options).Select(option => option.Name).Distinct()];

    private static IEnumerable<System.CommandLine.Command> Verbs()
    {
        var root = CommandLine.Create(_ => null, TextReader.Null, isPlugin: false);
        return root.Subcommands.Append(root);
    }

    // The simulator is no reference of these tests; its options are declared in this one file.
    private static string[] SimulatorFlagNames() =>
        [.. DeclaredFlag().Matches(File.ReadAllText(RepositoryFiles.Path("src", "KmsSimulator", "Program.cs"))).Select(flag => flag.Groups[1].Value).Distinct()];

    [GeneratedRegex("(?<![A-Za-z0-9-])(--[a-z][a-z-]*[a-z])")]
    private static partial Regex LongFlag();

    [GeneratedRegex(@"kms-(operator (run|render|orphans|explain|who-can|lint|plan|report|tree|status|rotate|reconcile|suspend|resume|import)|simulator) [^|;#]*")]
    private static partial Regex OwnCommand();

    [GeneratedRegex("\"(--[a-z-]+)\"")]
    private static partial Regex DeclaredFlag();

    [GeneratedRegex("(?<![a-z_])(?:kmsoperator|controller_runtime|workqueue|rest_client|leader_election)_[a-z_]+")]
    private static partial Regex Metric();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Series();

    [GeneratedRegex("^([a-z-]+):", RegexOptions.Multiline)]
    private static partial Regex Target();

    [GeneratedRegex(@"(?:^|[\s=])make ([a-z][a-z-]*)")]
    private static partial Regex Make();

    [GeneratedRegex(@"(?<![\w./-])((?:src|docs|config|charts|hack|tests|examples|\.github|\.ci)/[\w./-]*\w/?)(?![\w*{<-])")]
    private static partial Regex RepositoryPath();
}
