using System.Diagnostics;
using KmsOperator.UnitTests.Schema;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.UnitTests.GitOps;

/// <summary>Argo CD's resource actions, run by a real Lua 5.1.</summary>
public sealed class ArgoActionTests
{
    private const string Patch = "config/gitops/argocd/actions.yaml";

    public static TheoryData<string, string, string, string> Actions => new()
    {
        { "ServiceKey", "reconcile", "obj.metadata.annotations['kms.servicekey.dev/reconcile-at']", "asks for a comparison" },
        { "ServiceKey", "rotate", "obj.metadata.annotations['kms.servicekey.dev/rotate-at']", "asks for a rotation" },
        { "ServiceKey", "suspend", "tostring(obj.spec.suspend == true)", "suspends" },
        { "ServiceKey", "resume", "tostring(obj.spec.suspend == false)", "resumes" },
        { "KeyReplica", "reconcile", "obj.metadata.annotations['kms.servicekey.dev/reconcile-at']", "asks for a comparison" },
        { "KeyReplica", "suspend", "tostring(obj.spec.suspend == true)", "suspends" },
        { "KeyReplica", "resume", "tostring(obj.spec.suspend == false)", "resumes" },
    };

    [Theory]
    [MemberData(nameof(Actions))]
    public async Task An_action_does_what_the_verb_of_its_name_does(string kind, string action, string result, string why)
    {
        var definition = Read(kind)["definitions"];
        var script = ((YamlSequenceNode)definition).Single(one => (string)one["name"]! == action)["action.lua"].ToString();

        var answer = await RunAsync($"obj = {{metadata = {{}}, spec = {{suspend = {(action == "resume" ? "true" : "nil")}}}}}\nlocal function act()\n{script}\nend\nobj = act()\nio.write({result})\n");

        Assert.True(answer == "true" || DateTimeOffset.TryParse(answer, out _), $"{why}: {answer}");
    }

    [Theory]
    [InlineData("ServiceKey", "false", "reconcile rotate suspend")]
    [InlineData("ServiceKey", "true", "resume")]
    [InlineData("KeyReplica", "false", "reconcile suspend")]
    [InlineData("KeyReplica", "true", "resume")]
    public async Task The_actions_that_make_sense_are_offered(string kind, string suspended, string offered)
    {
        var script = Read(kind)["discovery.lua"].ToString();

        var answer = await RunAsync(
            $"obj = {{spec = {{suspend = {suspended}}}}}\nlocal function discover()\n{script}\nend\nlocal names = {{}}\nfor name, action in pairs(discover()) do if not action.disabled then table.insert(names, name) end end\n"
            + "table.sort(names)\nio.write(table.concat(names, ' '))\n");

        Assert.Equal(offered, answer);
    }

    [Theory]
    [InlineData("config/gitops/ci/github-plan.yaml")]
    [InlineData("config/gitops/ci/gitlab-plan.yaml")]
    public void A_job_that_comments_the_plan_is_YAML_and_takes_2_for_no_error(string file)
    {
        var text = File.ReadAllText(RepositoryFiles.Path(file));

        new YamlStream().Load(new StringReader(text));
        Assert.Contains("-o markdown > plan.md || code=$?", text, StringComparison.Ordinal);
        Assert.Contains("""[ "$code" = 0 ] || [ "$code" = 2 ]""", text, StringComparison.Ordinal);
    }

    private static YamlNode Read(string kind)
    {
        var patch = new YamlStream();
        patch.Load(new StringReader(File.ReadAllText(RepositoryFiles.Path(Patch))));
        var actions = new YamlStream();
        actions.Load(new StringReader(patch.Documents.Single().RootNode["data"][$"resource.customizations.actions.kms.servicekey.dev_{kind}"].ToString()));
        return actions.Documents.Single().RootNode;
    }

    private static async Task<string> RunAsync(string script)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo("lua5.1", "-") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", $"There is no lua5.1: {e.Message}");
            Assert.Skip("There is no lua5.1; Debian's package of that name has it.");
            throw;
        }

        using (process)
        {
            await process.StandardInput.WriteAsync(script);
            process.StandardInput.Close();
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.Equal("", await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return output;
        }
    }
}
