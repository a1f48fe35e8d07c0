using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.Manifests;
using KmsOperator.UnitTests.Schema;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.UnitTests.GitOps;

/// <summary>Argo CD's health check, run by a real Lua 5.1, which is the language of the one that Argo CD embeds.</summary>
public sealed class ArgoHealthTests
{
    private const string Expect = "# expect: ";

    private static readonly string Folder = RepositoryFiles.Path("config", "gitops", "argocd", "health");

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (var file in Directory.EnumerateFiles(Path.Combine(Folder, "testdata"), "*.yaml").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal))
            {
                // A KeyClass has no spec.suspend; every other row is true of all kinds.
                foreach (var kind in Crd.Kinds.Where(kind => kind != "KeyClass" || !file.StartsWith("suspended", StringComparison.Ordinal)))
                {
                    cases.Add(file, kind);
                }
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Health_is_what_the_status_says(string file, string kind)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, "testdata", file), TestContext.Current.CancellationToken);
        var (expected, why) = text[Expect.Length..text.IndexOf('\n', StringComparison.Ordinal)].Split(": ") is [var health, var reason] ? (health, reason) : throw new InvalidDataException(file);
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        List<ManifestError> errors = [];
        var resource = new YamlToJson(file, errors).Convert(stream.Documents.Single()).Json!;
        Assert.Empty(errors);
        resource["kind"] = kind;

        var answer = await RunAsync($"obj = {Literal(resource)}\nlocal function check()\n{await File.ReadAllTextAsync(Path.Combine(Folder, "health.lua"), TestContext.Current.CancellationToken)}\nend\nlocal hs = check()\nio.write(hs.status, '|', hs.message or '')\n");

        Assert.True(answer.Split('|')[0] == expected, $"{why}: {answer}");
        Assert.NotEqual("", answer.Split('|')[1]);
    }

    [Fact]
    public void The_patch_for_Argo_CD_holds_the_script_for_every_kind()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(RepositoryFiles.Path("config", "gitops", "argocd", "argocd-cm.yaml"))));
        var data = (YamlMappingNode)stream.Documents.Single().RootNode["data"];
        var script = File.ReadAllText(Path.Combine(Folder, "health.lua"));

        Assert.Equal(Crd.Kinds.Select(kind => $"resource.customizations.health.kms.servicekey.dev_{kind}").Order(StringComparer.Ordinal), data.Children.Keys.Select(key => key.ToString()).Order(StringComparer.Ordinal));
        Assert.All(data.Children.Values, value => Assert.Equal(script, value.ToString()));
    }

    private static string Literal(JsonNode? node)
    {
        switch (node)
        {
            case null:
                return "nil";
            case JsonObject map:
                return $"{{{string.Join(", ", map.Select(field => $"[{Quote(field.Key)}] = {Literal(field.Value)}"))}}}";
            case JsonArray list:
                return $"{{{string.Join(", ", list.Select(Literal))}}}";
            default:
                var value = node.AsValue();
                return value.TryGetValue<string>(out var text) ? Quote(text) : value.ToJsonString();
        }
    }

    private static string Quote(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static async Task<string> RunAsync(string script)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo("lua5.1", "-") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardInputEncoding = new UTF8Encoding(false) })!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true")
            {
                Assert.Fail($"There is no lua5.1: {e.Message}");
            }

            Assert.Skip("There is no lua5.1; Debian's package of that name has it.");
            throw;
        }

        using (process)
        {
            await process.StandardInput.WriteAsync(script);
            process.StandardInput.Close();
            var output = await process.StandardOutput.ReadToEndAsync();
            Assert.Equal("", await process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return output;
        }
    }
}
