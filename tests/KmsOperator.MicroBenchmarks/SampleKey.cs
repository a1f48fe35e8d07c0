using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator.MicroBenchmarks;

/// <summary>A key as many clusters have them: a class with a role, administrators and users, a service, a few tags.</summary>
internal static class SampleKey
{
    public const string KeyId = "0f8fad5b-d9cb-469f-a165-70867728950e";
    private const string Account = "111122223333";
    private const string Region = "us-east-1";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static KeyClass Class { get; } = new()
    {
        Metadata = new ObjectMeta { Name = "standard" },
        Spec = new KeyClassSpec
        {
            Region = Region,
            AliasPrefix = "acme",
            Account = new AccountSpec { RoleArn = $"arn:aws:iam::{Account}:role/kms-operator" },
            Tags = new Dictionary<string, string> { ["team"] = "platform", ["cost-center"] = "1234" },
            Access = new AccessSpec { Administrators = ["Admin"], Users = ["App", "Batch"] },
        },
    };

    public static ServiceKey Resource { get; } = new()
    {
        Metadata = new ObjectMeta { Namespace = "shop", Name = "orders", Uid = "a3f0c4de-54b9-4a0e-9d4c-3c1f8e1a2b3c", Generation = 1, ResourceVersion = "123456", Finalizers = [ApiGroup.Finalizer] },
        Spec = new ServiceKeySpec { ClassName = "standard", Service = "rds", Description = "Orders" },
        Status = new KeyStatus
        {
            ObservedGeneration = 1,
            KeyId = KeyId,
            Arn = $"arn:aws:kms:{Region}:{Account}:key/{KeyId}",
            AccountId = Account,
            Region = Region,
            AliasName = "alias/acme/rds",
            AliasArn = $"arn:aws:kms:{Region}:{Account}:alias/acme/rds",
            KeyState = KeyStates.Enabled,
            PolicySha256 = new string('a', 64),
            DesiredSha256 = new string('b', 64),
            Conditions =
            [
                new Condition
                {
                    Type = ConditionTypes.Ready, Status = "True", Reason = Reasons.Available, Message = "The key is as it should be.", ObservedGeneration = 1,
                    LastTransitionTime = DateTimeOffset.UnixEpoch,
                },
            ],
        },
    };

    public static DesiredKey Desired { get; } = ServiceKeyResolver.Resolve(Resource, Class, Account, "cluster").Value!;

    /// <summary>As KMS shows the key when nothing has changed.</summary>
    public static ObservedKey Unchanged { get; } = new()
    {
        KeyId = KeyId,
        Arn = Resource.Status!.Arn!,
        KeyState = KeyStates.Enabled,
        Description = Desired.Description,
        KeySpec = Desired.KeySpec,
        KeyUsage = Desired.KeyUsage,
        // KMS gives policies back in a layout of its own.
        Policy = JsonSerializer.Serialize(JsonDocument.Parse(Desired.Policy.Text).RootElement, Indented),
        Rotation = new ObservedRotation(true, 365, null),
        Tags = Desired.Tags,
        AliasTargets = new Dictionary<string, string> { [Desired.AliasName] = KeyId },
    };

    /// <summary>As somebody else has left it.</summary>
    public static ObservedKey Changed { get; } = Unchanged with
    {
        KeyState = KeyStates.Disabled,
        Description = "theirs",
        Policy = PolicyRenderer.Render(new PolicyRequest { Region = Region, AccountId = Account }).Text,
        Rotation = new ObservedRotation(false, null, null),
        Tags = new Dictionary<string, string>(Desired.Tags) { ["team"] = "theirs" },
        AliasTargets = new Dictionary<string, string>(),
    };

    public static KeyRecord Record { get; } = new(Desired.AliasName, [.. Desired.Tags.Keys]);
}
