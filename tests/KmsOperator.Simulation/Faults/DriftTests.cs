using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Testing.Flows;

namespace KmsOperator.Simulation.Faults;

/// <summary>What somebody else changed is found without anybody asking to look.</summary>
public sealed class DriftTests
{
    [Fact]
    public async Task Drift_is_found_and_put_right_within_the_drift_period_without_being_asked_to_look()
    {
        var left = new Flow("left alone", PrepareAsync, Flow.Nothing) { DriftPeriod = TimeSpan.FromMinutes(10) };
        var alone = await FlowRun.RunAsync(left);
        var result = await FlowRun.RunAsync(left with { Act = ChangeAsync });
        Assert.Equal(alone.End, result.End);
    }

    private static async Task PrepareAsync(FlowUser user)
    {
        await user.CreateAsync("one", new ServiceKeySpec { Service = "s3" });
        await user.SettledAsync();
        await user.VerifiedAsync("one");
    }

    private static async Task ChangeAsync(FlowUser user)
    {
        var kms = user.Kms();
        var id = (await user.GetAsync("one"))!.Status!.KeyId;
        await kms.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = id, Description = "mine now" });
        await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = id });
        Assert.Equal("Disabled", Assert.Single(await user.KeysAsync())["keyState"]!.GetValue<string>());
    }
}
