namespace KmsSimulator.Tests.Terraform;

/// <summary>Terraform's AWS provider as a second opinion. It must come without network where there is none: TF_CLI_ARGS_init=-plugin-dir=…</summary>
public sealed class TerraformTests
{
    [Fact]
    public async Task Terraform_makes_keys_of_every_kind_finds_nothing_to_change_and_deletes_them()
    {
        var folder = Directory.CreateTempSubdirectory("kms-simulator-terraform-");
        try
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "Terraform", "main.tf"), Path.Combine(folder.FullName, "main.tf"));
            var inFolder = $"-chdir={folder.FullName}";
            await ExternalTool.RequireAsync("Terraform with its AWS provider", "REQUIRE_TERRAFORM", "terraform", inFolder, "init", "-no-color", "-input=false");

            // The provider waits in the time of the clock on the wall.
            await using var simulator = await TestSimulator.StartAsync(time: TimeProvider.System);
            await RunAsync("apply", "-auto-approve");
            var keys = (await simulator.GetAsync("/_sim/keys")).AsArray();
            Assert.Equal(4, keys.Count(key => (string)key!["keyState"]! == "Enabled"));
            await RunAsync("plan", "-detailed-exitcode");
            await RunAsync("destroy", "-auto-approve");
            Assert.All((await simulator.GetAsync("/_sim/keys")).AsArray(), key => Assert.Equal("PendingDeletion", (string)key!["keyState"]!));

            async Task RunAsync(params string[] command)
            {
                var (code, output, error) = await ExternalTool.RunAsync(
                    simulator, "terraform", [inFolder, .. command, "-no-color", "-input=false", $"-var=url={simulator.Url}"]);
                Assert.True(code == 0, $"terraform {command[0]}: {code}\n{output}\n{error}");
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
