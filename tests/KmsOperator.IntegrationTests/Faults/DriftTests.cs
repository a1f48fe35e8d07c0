using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>What somebody else changed is found without anybody asking to look.</summary>
[Collection("fault stages")]
public sealed class DriftTests(FaultStages stages)
{
    [Fact]
    public async Task Drift_is_found_and_put_right_within_the_drift_period_without_being_asked_to_look()
    {
        await stages.StartAsync();
        var left = new Flow("left alone", PrepareAsync, Flow.Nothing) { DriftPeriod = TimeSpan.FromSeconds(2) };
        var alone = await stages.UseAsync(stage => stage.RunAsync(left, null, default, null));
        var result = await stages.UseAsync(stage => stage.RunAsync(left with { Act = ChangeAsync }, null, default, alone.End));
        Assert.Equal(alone.End, result.End);
    }

    private static async Task PrepareAsync(Stage stage)
    {
        await stage.CreateAsync("one", new ServiceKeySpec { Service = "s3" });
        await stage.SettledAsync();
        await stage.VerifiedAsync("one");
    }

    private static async Task ChangeAsync(Stage stage)
    {
        using var kms = stage.Kms();
        var id = (await stage.GetAsync("one"))!.Status!.KeyId;
        await kms.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = id, Description = "mine now" });
        await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = id });
        Assert.Equal("Disabled", Assert.Single(await stage.KeysAsync())["keyState"]!.GetValue<string>());
    }
}
