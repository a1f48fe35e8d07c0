using System.Text.RegularExpressions;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.UnitTests.Schema;

/// <summary>Nothing lives in the forge's workflows alone.</summary>
public sealed partial class ForgeTests
{
    public static TheoryData<string> Workflows =>
        [.. Directory.EnumerateFiles(RepositoryFiles.Path(".github", "workflows"), "*.yaml").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    // Actions that are no `make` target, and why: they set up the machine or move files between machines, and build, sign or publish nothing.
    private static readonly Dictionary<string, string> Actions = new()
    {
        ["actions/checkout"] = "there is no Makefile before it",
        ["actions/setup-dotnet"] = "the SDK that every target needs",
        ["actions/upload-artifact"] = "hands digests to the next machine",
        ["actions/download-artifact"] = "takes them there",
        ["docker/setup-buildx-action"] = "a builder that can attest",
        ["docker/login-action"] = "the token stays out of command lines, and is forgotten at the end",
        ["sigstore/cosign-installer"] = "puts cosign on the PATH, checked",
    };

    [Theory, MemberData(nameof(Workflows))]
    public void A_workflow_runs_only_targets_that_exist(string file)
    {
        var targets = Target().Matches(File.ReadAllText(RepositoryFiles.Path("Makefile"))).Select(target => target.Groups[1].Value).ToHashSet();
        foreach (var step in Steps(file).Where(step => step.Children.ContainsKey("run")))
        {
            var command = step["run"].ToString();
            if (command.EndsWith("bash .ci/run", StringComparison.Ordinal))
            {
                continue;
            }

            // What a tag or a branch is called must not reach a shell: values go by the environment.
            Assert.DoesNotContain("${{", command, StringComparison.Ordinal);
            var words = command.Split(' ');
            Assert.Equal("make", words[0]);
            Assert.All(words[1..], word => Assert.Contains(word, targets));
        }
    }

    [Fact]
    public void Workflows_use_only_actions_that_set_up_a_machine()
    {
        var used = Workflows.SelectMany(row => Steps(row.Data)).Where(step => step.Children.ContainsKey("uses")).Select(step => step["uses"].ToString()).ToArray();
        Assert.All(used, action => Assert.Matches(@"^[\w.-]+/[\w.-]+@(v\d+|[0-9a-f]{40})$", action));
        Assert.Equal(Actions.Keys.Order(StringComparer.Ordinal), used.Select(action => action.Split('@')[0]).Distinct().Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Workflows))]
    public void A_job_that_calls_another_workflow_calls_one_of_this_repository(string file)
    {
        var called = ((YamlMappingNode)Root(file)["jobs"]).Children.Values.Cast<YamlMappingNode>().Where(job => job.Children.ContainsKey("uses")).Select(job => job["uses"].ToString());
        Assert.All(called, workflow => Assert.Contains(workflow, Workflows.Select(row => $"./.github/workflows/{row.Data}")));
    }

    [Theory, MemberData(nameof(Workflows))]
    public void A_workflow_has_no_rights_but_those_that_a_job_asks_for_and_leaves_no_token_behind(string file)
    {
        var root = Root(file);
        Assert.Equal("{ { contents, read } }", root["permissions"].ToString());
        Assert.All(
            Steps(file).Where(step => step.Children.TryGetValue("uses", out var uses) && uses.ToString().StartsWith("actions/checkout@", StringComparison.Ordinal)),
            step => Assert.Equal("false", step["with"]["persist-credentials"].ToString()));
    }

    [Fact]
    public void A_release_is_built_on_a_machine_of_each_platform()
    {
        var image = Root("release.yaml")["jobs"]["image"];
        Assert.Equal(["ubuntu-24.04", "ubuntu-24.04-arm"], ((YamlSequenceNode)image["strategy"]["matrix"]["runner"]).Select(runner => runner.ToString()));
        Assert.DoesNotContain("qemu-action", File.ReadAllText(RepositoryFiles.Path(".github", "workflows", "release.yaml")), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_image_is_built_from_arguments_that_a_release_gives_by_digest_and_from_nothing_else()
    {
        var dockerfile = File.ReadAllLines(RepositoryFiles.Path("Dockerfile"));
        Assert.Equal(["FROM ${SDK} AS build", "FROM ${BASE}"], dockerfile.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)));
        Assert.DoesNotContain(dockerfile, line => line.StartsWith("# syntax=", StringComparison.Ordinal));
        Assert.Contains(dockerfile, line => line.StartsWith("RUN dotnet publish", StringComparison.Ordinal) && line.Contains("-p:Version=${VERSION}", StringComparison.Ordinal));
    }

    private static YamlNode Root(string file)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(RepositoryFiles.Path(".github", "workflows", file))));
        return stream.Documents.Single().RootNode;
    }

    /// <summary>Steps of all jobs; a job that calls another workflow has none.</summary>
    private static IEnumerable<YamlMappingNode> Steps(string file) =>
        ((YamlMappingNode)Root(file)["jobs"]).Children.Values.Cast<YamlMappingNode>()
            .Where(job => job.Children.ContainsKey("steps")).SelectMany(job => (YamlSequenceNode)job["steps"]).Cast<YamlMappingNode>();

    [GeneratedRegex("^([a-z-]+):", RegexOptions.Multiline)]
    private static partial Regex Target();
}
