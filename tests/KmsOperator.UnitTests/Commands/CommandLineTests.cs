using System.Diagnostics;
using KmsOperator.Commands;
using KmsOperator.Manifests;
using KmsOperator.UnitTests.Schema;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.UnitTests.Commands;

/// <summary>What all verbs have in common: names, help, mistakes, completion, the plugin of kubectl.</summary>
public sealed class CommandLineTests
{
    public static TheoryData<string> Verbs => [.. CommandLine.Create(_ => null, TextReader.Null, isPlugin: false).Subcommands.Select(verb => verb.Name)];

    // arguments; message; why
    public static TheoryData<string, string, string> Mistakes => new()
    {
        { "lnit", "'lnit', did you mean \"lint\"?", "a verb" },
        { "explian", "'explian', did you mean \"explain\"?", "a verb" },
        { "render --filname x", "'--filname', did you mean \"--filename\"?", "an option" },
        { "render --filname=x", "'--filname=x', did you mean \"--filename\"?", "an option with its value" },
        { "run --worker:4", "'--worker:4', did you mean \"--workers\"?", "the other way to give a value" },
        { "import --tfstat=--force", "'--tfstat=--force', did you mean \"--tfstate\"?", "a value that is an option's name" },
        { "lint --hlep", "'--hlep', did you mean \"--help\"?", "an option of every verb" },
        { "run --event-queues x", "'--event-queues', did you mean \"--event-queue\"?", "another option of the operator" },
        { "run --clusterid x", "'--clusterid', did you mean \"--cluster-id\"?", "an option of the operator" },
        { "orphans --ouput json", "'--ouput', did you mean \"--output\"?", "an option" },
        { "status --contxt x", "'--contxt', did you mean \"--context\"?", "an option in the place of a name" },
        { "rotate --namespce=team", "'--namespce=team', did you mean \"--namespace\"?", "the same with its value" },
        { "who-can --acount 1", "'--acount', did you mean \"--account\"?", "an option in the place of an action" },
        { "tree --nothing-like-it", "Unrecognized command or argument '--nothing-like-it'.", "not the name of a resource" },
        { "completion bsh", "shell: 'bsh' is not bash, zsh or fish.", "a shell" },
        { "nothing-like-it", "Unrecognized command or argument 'nothing-like-it'.", "nothing is near" },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public async Task What_is_nearly_right_is_answered_with_the_right_word(string arguments, string message, string because)
    {
        var (code, output, errors) = await CommandRun.RunAsync(arguments.Split(' '));

        Assert.Equal((64, ""), (code, output));
        Assert.True(errors.Contains(message, StringComparison.Ordinal), $"{because}: {errors}");
        Assert.Matches(@"See kms-operator( [a-z-]+)? --help\.\n$", errors);
    }

    [Theory, MemberData(nameof(Verbs))]
    public async Task The_help_of_every_verb_fits_a_screen(string verb)
    {
        var (_, output, _) = await CommandRun.RunAsync(verb, "--help");

        Assert.All(output.Split('\n'), line => Assert.InRange(line.Length, 0, 260));
    }

    [Fact]
    public async Task Orphans_without_a_cluster_says_what_to_set()
    {
        var (code, _, errors) = await CommandRun.RunAsync("orphans");

        Assert.Equal((1, "There is no kubeconfig: set KUBECONFIG to a file, or run in a pod.\n"), (code, errors));
    }

    [Fact]
    public async Task Lint_counts_nothing_where_it_could_read_nothing()
    {
        var (code, output, errors) = await CommandRun.RunAsync("lint", "-f", "/nowhere");

        Assert.Equal((1, "", "/nowhere: no such file or directory\n"), (code, output, errors));
    }

    [Theory, MemberData(nameof(Verbs))]
    public async Task Every_verb_has_a_help_with_examples_that_parse(string verb)
    {
        var (code, output, _) = await CommandRun.RunAsync(verb, "--help");

        Assert.Equal(0, code);
        Assert.Contains($"Usage:\n  kms-operator {verb}", output, StringComparison.Ordinal);
        Assert.NotEmpty(VerbExamples.Of(verb));
        var root = CommandLine.Create(_ => null, TextReader.Null, isPlugin: false);
        Assert.All(VerbExamples.Of(verb), example =>
        {
            Assert.Contains($"  kms-operator {example.Arguments}", output, StringComparison.Ordinal);
            Assert.Empty(root.Parse(example.Arguments.Split(['>', '<'])[0].Trim()).Errors);
        });
    }

    [Theory]
    [InlineData("render -f -")]
    [InlineData("lint -f -")]
    [InlineData("who-can kms:Decrypt -f -")]
    [InlineData("explain -f - --principal App --action kms:Decrypt")]
    public async Task Every_verb_that_reads_manifests_reads_them_from_standard_input_too(string arguments)
    {
        var (code, output, errors) = await CommandRun.RunAsync(arguments.Split(' '), CommandRun.Class + CommandRun.Key("one", "service: s3"));

        Assert.Equal((0, ""), (code, errors));
        Assert.NotEqual("", output);
    }

    [Theory]
    [InlineData("kubectl-kms")]
    [InlineData("kubectl-kms.exe")]
    public async Task As_a_plugin_of_kubectl_it_goes_by_that_name_and_does_not_run_the_operator(string executable)
    {
        var (_, help, _) = await CommandRun.RunAsync(["--help"], "", executable);
        var (_, explain, _) = await CommandRun.RunAsync(["explain", "--help"], "", executable);
        var (code, _, errors) = await CommandRun.RunAsync(["run"], "", executable);

        Assert.Contains("Usage:\n  kubectl kms [command]", help, StringComparison.Ordinal);
        Assert.DoesNotContain("Run the operator", help, StringComparison.Ordinal);
        Assert.Contains("  kubectl kms explain -f manifests/", explain, StringComparison.Ordinal);
        Assert.Equal(64, code);
        Assert.Contains("See kubectl kms --help.", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kms-operator li", "lint")]
    [InlineData("kms-operator lint --form", "--format")]
    [InlineData("kms-operator lint --format sa", "sarif")]
    [InlineData("kms-operator who-can kms:Decr", "kms:Decrypt")]
    public async Task The_executable_says_how_a_line_can_go_on(string line, string expected)
    {
        var (code, output, _) = await CommandRun.RunAsync($"[suggest:{line.Length}]", line);

        Assert.Equal(0, code);
        Assert.Equal([expected], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task The_script_for_bash_completes_with_what_the_executable_says()
    {
        var (_, script, _) = await CommandRun.RunAsync("completion", "bash");
        var program = $$"""
            kms-operator() { [ "$1" = "[suggest:17]" ] && [ "$2" = "kms-operator expl" ] && printf 'explain\nlint\n'; }
            {{script}}
            COMP_LINE="kms-operator expl"; COMP_POINT=17; COMP_WORDS=(kms-operator expl); COMP_CWORD=1
            _kms-operator_complete
            echo "${COMPREPLY[@]}"
            complete -p kms-operator
            """;
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", program]) { RedirectStandardOutput = true })!;
        var output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.Equal("explain\ncomplete -o default -F _kms-operator_complete kms-operator\n", output);
    }

    [Theory]
    [InlineData("zsh", "compdef _kubectl-kms kubectl-kms")]
    [InlineData("fish", "complete -c kubectl-kms ")]
    public async Task The_scripts_complete_the_name_of_the_executable(string shell, string expected)
    {
        var (code, script, _) = await CommandRun.RunAsync(["completion", shell], "", "kubectl-kms");

        Assert.Equal(0, code);
        Assert.Contains(expected, script, StringComparison.Ordinal);
        Assert.DoesNotContain("{name}", script, StringComparison.Ordinal);
    }

    [Fact]
    public void The_manifest_for_krew_has_what_krew_asks_for()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(RepositoryFiles.Path("config", "krew", "kms.yaml"))));
        var plugin = new YamlToJson("kms.yaml", []).Convert(stream.Documents.Single()).Json!;

        Assert.Equal(("krew.googlecontainertools.github.com/v1alpha2", "Plugin", "kms"), ((string?)plugin["apiVersion"], (string?)plugin["kind"], (string?)plugin["metadata"]!["name"]));
        Assert.InRange(((string?)plugin["spec"]!["shortDescription"])!.Length, 1, 80);
        var platforms = plugin["spec"]!["platforms"]!.AsArray();
        Assert.Equal(["amd64", "arm64"], platforms.Select(platform => (string?)platform!["selector"]!["matchLabels"]!["arch"]));
        Assert.All(platforms, platform =>
        {
            Assert.Equal("kubectl-kms", (string?)platform!["bin"]);
            Assert.Matches("^[0-9a-f]{64}$", (string?)platform["sha256"]);
            Assert.EndsWith($"-linux-{platform["selector"]!["matchLabels"]!["arch"]}.tar.gz", (string?)platform["uri"], StringComparison.Ordinal);
            Assert.Contains(platform["files"]!.AsArray(), file => (string?)file!["to"] == "kubectl-kms");
        });
        var verbs = CommandLine.Create(_ => null, TextReader.Null, isPlugin: true).Subcommands.Select(verb => verb.Name).Where(verb => verb != "completion");
        Assert.All(verbs, verb => Assert.Contains($"({verb})", (string?)plugin["spec"]!["description"], StringComparison.Ordinal));
    }
}
