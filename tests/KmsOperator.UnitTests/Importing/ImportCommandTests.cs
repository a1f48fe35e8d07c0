using KmsOperator.Commands;
using KmsOperator.UnitTests.Importing.Terraform;
using Xunit;

namespace KmsOperator.UnitTests.Importing;

/// <summary>The verb as people call it: arguments, files, exit codes.</summary>
public sealed class ImportCommandTests : IDisposable
{
    private const string Arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-0000-0000-0000-000000000000";
    private const string Policy = """{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"123456789012\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("import-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_folder_gets_a_manifest_for_each_resource_and_the_removed_blocks()
    {
        var (code, output, errors) = await RunAsync("--tfstate", State(), "--output-dir", At("out"), "--report", At("report.md"), "-n", "team");

        Assert.Equal((0, "", ""), (code, output, errors));
        Assert.Equal(["keyclass-imported-123456789012-us-east-1.yaml", "removed.tf", "servicekey-acme-one.yaml"], Directory.GetFiles(At("out")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.StartsWith("# Import\n\n1 key imported under 1 KeyClass.", File.ReadAllText(At("report.md")), StringComparison.Ordinal);
        Assert.Contains("namespace: team", File.ReadAllText(At("out/servicekey-acme-one.yaml")), StringComparison.Ordinal);
        Assert.Equal(["out", "report.md", "state"], Directory.GetFileSystemEntries(_folder.FullName).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "state"), file =>
            Assert.DoesNotContain(StateText.Secret, File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_same_import_again_changes_nothing_and_other_files_stay()
    {
        await RunAsync("--tfstate", State(), "--output-dir", At("out"));
        File.WriteAllText(At("out/mine.txt"), "mine");

        Assert.Equal(0, (await RunAsync("--tfstate", State(), "--output-dir", At("out"))).Code);
        Assert.Equal("mine", File.ReadAllText(At("out/mine.txt")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_file_of_the_same_name_is_overwritten_only_by_force(bool force)
    {
        Directory.CreateDirectory(At("out"));
        File.WriteAllText(At("out/removed.tf"), "mine");

        var (code, _, errors) = await RunAsync(["--tfstate", State(), "--output-dir", At("out"), .. force ? ["--force"] : (string[])[]]);

        Assert.Equal(force ? 0 : 1, code);
        Assert.Equal(force ? 3 : 1, Directory.GetFiles(At("out")).Length);
        Assert.Equal(force, File.ReadAllText(At("out/removed.tf")) != "mine");
        Assert.True(force || errors.Contains("removed.tf: is there already with another content", StringComparison.Ordinal), errors);
    }

    [Fact]
    public async Task Something_left_to_do_by_hand_is_exit_code_2()
    {
        var (code, output, errors) = await RunAsync("--tfstate", State(withGrant: true));

        Assert.Equal(2, code);
        Assert.StartsWith("# What the imported keys have in common.", output, StringComparison.Ordinal);
        Assert.Contains("left:       the grant aws_kms_grant.backup for arn:aws:iam::123456789012:role/backup stays in KMS as it is and is not in spec.grants: the state has no id of it", errors, StringComparison.Ordinal);
        Assert.Contains("from = aws_kms_key.one", errors, StringComparison.Ordinal);
    }

    // file, content, what is said, why
    public static TheoryData<string, string, string, string> Bad => new()
    {
        { "state", "{\"version\": 3}", "state:1: version: is 3", "an old state" },
        { "state", "{\"version\": 4, \"resources\": [{\"mode\":\"managed\",\"type\":\"aws_kms_external_key\",\"name\":\"e\",\"instances\":[{\"attributes\":{\"arn\":\"x\"}}]}]}", "There is no key that can be imported", "nothing but what is not supported" },
        { "x.yaml", "a: b\nc: d: e\n", "x.yaml:2: is not valid YAML", "broken YAML" },
        { "x.yaml", "a: [\n  b\nc: d", "x.yaml: is not valid YAML", "a list that is not closed" },
        { "x.yaml", "apiVersion: v1\nkind: ConfigMap\n", "holds no objects of kms.services.k8s.aws", "another kind" },
        { "x.txt", "", "holds no manifests", "a folder without manifests" },
        { "x.yaml", "\u0001\u0000\u0002", "x.yaml: is not text", "a binary file" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Bad_input_is_exit_code_1_and_nothing_is_written(string file, string content, string message, string why)
    {
        Directory.CreateDirectory(At("in"));
        File.WriteAllText(At("in/" + file), content);

        string[] source = file == "state" ? ["--tfstate", At("in/state")] : ["-f", At("in")];
        var (code, output, errors) = await RunAsync([.. source, "--output-dir", At("out"), "--report", At("report.md")]);

        Assert.True(code == 1 && output.Length == 0 && errors.Contains(message, StringComparison.Ordinal), $"{why}: {code} {errors}");
        Assert.Equal([At("in")], Directory.GetFileSystemEntries(_folder.FullName));
    }

    [Theory]
    [InlineData("no such file", "-f", "/nowhere")]
    [InlineData("no such file", "--tfstate", "/nowhere")]
    public async Task A_file_that_is_not_there_is_named(string message, params string[] arguments)
    {
        var (code, _, errors) = await RunAsync(arguments);

        Assert.Equal(1, code);
        Assert.Contains("/nowhere: " + message, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_in_the_place_of_a_state_is_answered_with_what_to_name()
    {
        var (code, _, errors) = await RunAsync("--tfstate", _folder.FullName);

        Assert.Equal((1, $"{_folder.FullName}: is a directory; name the file of the state, for example terraform.tfstate in it\n"), (code, errors));
    }

    [Theory]
    [InlineData("name one source")]
    [InlineData("name one source", "--tfstate", "a", "-f", "b")]
    [InlineData("--region", "--from-aws")]
    [InlineData("--region", "--tfstate", "a", "--region", "eu-west-1")]
    [InlineData("--region: 'eu' is not a Region", "--from-aws", "--region", "eu")]
    [InlineData("--alias-prefix", "--tfstate", "a", "--alias-prefix", "b")]
    [InlineData("--namespace", "--tfstate", "a", "-n", "A.b")]
    public async Task Arguments_that_do_not_go_together_are_exit_code_64(string message, params string[] arguments)
    {
        var (code, _, errors) = await RunAsync(arguments);

        Assert.Equal(64, code);
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }

    private string At(string path) => Path.Combine(_folder.FullName, path);

    private string State(bool withGrant = false)
    {
        var state = new StateText()
            .Add("aws_kms_key.one", $"{{'arn':'{Arn}','is_enabled':true,'enable_key_rotation':true,'tags_all':{{'Name':'one'}},'deletion_window_in_days':30,'policy':'{Policy}'}}")
            .Add("aws_kms_alias.one", $"{{'name':'alias/acme/one','target_key_arn':'{Arn}'}}");
        if (withGrant)
            state.Add("aws_kms_grant.backup", $"{{'name':'backup','key_id':'{Arn}','grantee_principal':'arn:aws:iam::123456789012:role/backup'}}");
        File.WriteAllBytes(At("state"), state.ToState());
        return At("state");
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await CommandLine.RunAsync(["import", .. arguments], _ => null, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
