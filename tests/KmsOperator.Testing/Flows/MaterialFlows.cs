using Amazon.KeyManagementService.Model;
using KmsOperator.Api;

namespace KmsOperator.Testing.Flows;

/// <summary>What users do with keys whose material is their own.</summary>
internal static class MaterialFlows
{
    private const string Key = "one";

    private static readonly ServiceKeySpec Spec = new()
    {
        Service = "s3",
        Origin = "EXTERNAL",
        Material = new MaterialSpec { SecretRef = new MaterialSecretRef { Name = "first" } },
    };

    public static IReadOnlyList<Flow> All { get; } =
    [
        new("create with material", user => user.CreateSecretAsync("first", 1), user => user.CreateAsync(Key, Spec)),
        new("rotate to other material", CreateAsync, user => user.PatchAsync(Key, """{"spec":{"material":{"secretRef":{"name":"second"}}}}""")),
        new(
            "import again what was deleted",
            CreateAsync,
            async user =>
            {
                await user.Kms().DeleteImportedKeyMaterialAsync(new DeleteImportedKeyMaterialRequest { KeyId = (await user.GetAsync(Key))!.Status!.KeyId });
                await user.LookAsync(Key);
            }),
        new(
            "rotate a key with a replica to other material",
            async user =>
            {
                await SecretsAsync(user);
                await user.CreateAsync(Key, Spec with { MultiRegion = true, ReplicaRegions = ["eu-west-1"] });
            },
            user => user.PatchAsync(Key, """{"spec":{"material":{"secretRef":{"name":"second"}}}}""")),
    ];

    private static async Task SecretsAsync(FlowUser user)
    {
        await user.CreateSecretAsync("first", 1);
        await user.CreateSecretAsync("second", 2);
    }

    private static async Task CreateAsync(FlowUser user)
    {
        await SecretsAsync(user);
        await user.CreateAsync(Key, Spec);
    }
}
