using Amazon.KeyManagementService.Model;
using KmsOperator.Api;

namespace KmsOperator.Testing.Flows;

/// <summary>What others had done before, or do meanwhile, to keys and aliases in KMS.</summary>
internal static class ForeignFlows
{
    private const string Key = "one";
    private const string Alias = "alias/existing";
    private static readonly ServiceKeySpec Spec = new() { Service = "s3" };

    public static IReadOnlyList<Flow> All { get; } =
    [
        new("adopt", AliasedAsync, user => user.CreateAsync(Key, Spec with { Adopt = new AdoptSpec { KeyId = Alias } })),
        new("take over an alias", AliasedAsync, user => user.CreateAsync(Key, Spec with { Alias = Alias, TakeOverAlias = true })),
        new("repair", VerifiedAsync, ChangedAsync),
        new("undelete", VerifiedAsync, async user =>
        {
            await ScheduleDeletionAsync(user);
            await user.LookAsync(Key);
        }),
    ];

    /// <summary>A key of somebody else's, with an alias.</summary>
    public static async Task AliasedAsync(FlowUser user)
    {
        var kms = user.Kms();
        var key = await kms.CreateKeyAsync(new CreateKeyRequest { Description = "from elsewhere" });
        await user.VisibleAsync(() => kms.CreateAliasAsync(new CreateAliasRequest { AliasName = Alias, TargetKeyId = key.KeyMetadata.KeyId }));
        await user.VisibleAsync(() => kms.DescribeKeyAsync(Alias));
    }

    /// <summary>A key whose writes are older than the consistency window: what differs from now on is somebody else's doing.</summary>
    private static async Task VerifiedAsync(FlowUser user)
    {
        await AliasedAsync(user);
        await user.CreateAsync(Key, Spec with { DeletionPolicy = "Retain", Tags = new Dictionary<string, string> { ["team"] = "a" } });
        await user.SettledAsync();
        await user.VerifiedAsync(Key);
    }

    private static async Task ChangedAsync(FlowUser user)
    {
        var kms = user.Kms();
        var status = (await user.GetAsync(Key))!.Status!;
        var other = (await kms.DescribeKeyAsync(Alias)).KeyMetadata.KeyId;
        await kms.UpdateAliasAsync(new UpdateAliasRequest { AliasName = status.AliasName, TargetKeyId = other });
        await kms.UntagResourceAsync(new UntagResourceRequest { KeyId = status.KeyId, TagKeys = ["team"] });
        await kms.DisableKeyRotationAsync(new DisableKeyRotationRequest { KeyId = status.KeyId });
        await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = status.KeyId });
        await user.LookAsync(Key);
    }

    private static async Task ScheduleDeletionAsync(FlowUser user)
    {
        var kms = user.Kms();
        await kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = (await user.GetAsync(Key))!.Status!.KeyId, PendingWindowInDays = 7 });
    }
}
