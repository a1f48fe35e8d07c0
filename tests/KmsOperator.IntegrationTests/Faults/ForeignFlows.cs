using Amazon.KeyManagementService.Model;
using KmsOperator.Api;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>What others had done before, or do meanwhile, to keys and aliases in KMS.</summary>
internal static class ForeignFlows
{
    private const string Key = "one";
    private const string Alias = "alias/existing";
    private static readonly ServiceKeySpec Spec = new() { Service = "s3" };

    public static IReadOnlyList<Flow> All { get; } =
    [
        new("adopt", AliasedAsync, stage => stage.CreateAsync(Key, Spec with { Adopt = new AdoptSpec { KeyId = Alias } })),
        new("take over an alias", AliasedAsync, stage => stage.CreateAsync(Key, Spec with { Alias = Alias, TakeOverAlias = true })),
        new("repair", VerifiedAsync, ChangedAsync),
        new("undelete", VerifiedAsync, async stage =>
        {
            await ScheduleDeletionAsync(stage);
            await stage.LookAsync(Key);
        }),
    ];

    /// <summary>A key of somebody else's, with an alias.</summary>
    public static async Task AliasedAsync(Stage stage)
    {
        using var kms = stage.Kms();
        var key = await kms.CreateKeyAsync(new CreateKeyRequest { Description = "from elsewhere" });
        await stage.VisibleAsync(() => kms.CreateAliasAsync(new CreateAliasRequest { AliasName = Alias, TargetKeyId = key.KeyMetadata.KeyId }));
        await stage.VisibleAsync(() => kms.DescribeKeyAsync(Alias));
    }

    /// <summary>A key whose writes are older than the consistency window: what differs from now on is somebody else's doing.</summary>
    private static async Task VerifiedAsync(Stage stage)
    {
        await AliasedAsync(stage);
        await stage.CreateAsync(Key, Spec with { DeletionPolicy = "Retain", Tags = new Dictionary<string, string> { ["team"] = "a" } });
        await stage.SettledAsync();
        await stage.VerifiedAsync(Key);
    }

    private static async Task ChangedAsync(Stage stage)
    {
        using var kms = stage.Kms();
        var status = (await stage.GetAsync(Key))!.Status!;
        var other = (await kms.DescribeKeyAsync(Alias)).KeyMetadata.KeyId;
        await kms.UpdateAliasAsync(new UpdateAliasRequest { AliasName = status.AliasName, TargetKeyId = other });
        await kms.UntagResourceAsync(new UntagResourceRequest { KeyId = status.KeyId, TagKeys = ["team"] });
        await kms.DisableKeyRotationAsync(new DisableKeyRotationRequest { KeyId = status.KeyId });
        await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = status.KeyId });
        await stage.LookAsync(Key);
    }

    private static async Task ScheduleDeletionAsync(Stage stage)
    {
        using var kms = stage.Kms();
        await kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = (await stage.GetAsync(Key))!.Status!.KeyId, PendingWindowInDays = 7 });
    }
}
