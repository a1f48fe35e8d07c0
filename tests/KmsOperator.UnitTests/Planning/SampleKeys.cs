using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator.UnitTests.Planning;

/// <summary>A key as it should be and as KMS shows it. Tests change what they are about.</summary>
internal static class SampleKeys
{
    public static DesiredKey Desired { get; } = new()
    {
        Owner = new KeyOwner("ServiceKey", "team", "one", "uid-1", "cluster"),
        Location = new KeyLocation("111122223333", "eu-west-1"),
        Description = "words",
        AliasName = "alias/one",
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        Rotation = new DesiredRotation(true, 365),
        Policy = Policy("App"),
        Tags = new Dictionary<string, string> { ["team"] = "a" },
    };

    public static ObservedKey Observed { get; } = new()
    {
        KeyId = "key-1",
        Arn = "arn:aws:kms:eu-west-1:111122223333:key/key-1",
        KeyState = KeyStates.Enabled,
        Description = "words",
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        Policy = Desired.Policy.Text,
        Rotation = new ObservedRotation(true, 365, null),
        Tags = Desired.Tags,
    };

    /// <summary>The generated policy with one user, by the name of its role.</summary>
    public static KeyPolicy Policy(string user) => PolicyRenderer.Render(new PolicyRequest { Region = "eu-west-1", AccountId = "111122223333", Users = [$"arn:aws:iam::111122223333:role/{user}"] });
}
