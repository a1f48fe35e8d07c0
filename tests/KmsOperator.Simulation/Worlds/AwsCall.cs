using System.Text.Json.Nodes;

namespace KmsOperator.Simulation.Worlds;

/// <summary>A call to KMS or STS.</summary>
/// <param name="Operation">KMS's name of it; <c>Sts</c> for all of STS.</param>
/// <param name="Region">The Region that it is signed for.</param>
/// <param name="Input">What is sent; null for reads.</param>
/// <param name="For">The resource that it is sent for, <c>{kind}/{namespace}/{name}</c>; null where that is none or many.</param>
/// <param name="SentAt">When it is sent.</param>
internal sealed record AwsCall(string Operation, string Region, JsonObject? Input, string? For, DateTimeOffset SentAt)
{
    /// <summary>Stands for the operation of all that is sent to STS.</summary>
    public const string Sts = "Sts";

    /// <summary>The key id in the input, without an ARN around it; null where there is none.</summary>
    public string? KeyId => Plain((string?)Input?[nameof(KeyId)] ?? (string?)Input?["TargetKeyId"]);

    /// <summary>The alias in the input.</summary>
    public string? AliasName => (string?)Input?[nameof(AliasName)];

    /// <summary>Whether it changes something.</summary>
    public bool IsWrite => IsWriteOperation(Operation);

    /// <summary>Whether calls of an operation change something.</summary>
    public static bool IsWriteOperation(string operation) =>
        operation is not ("DescribeKey" or Sts or "Encrypt" or "Decrypt") && !operation.StartsWith("Get", StringComparison.Ordinal)
        && !operation.StartsWith("List", StringComparison.Ordinal);

    /// <summary>The id in a key's ARN.</summary>
    public static string? Plain(string? keyId) => keyId?[(keyId.LastIndexOf('/') + 1)..];

    /// <inheritdoc />
    public override string ToString() =>
        $"{Operation} {Region}{(KeyId is { } key ? $" {Short(key)}" : "")}{(AliasName is { } alias ? $" {alias}" : "")}{(For is null ? "" : $" for {For}")}";

    private static string Short(string keyId) => keyId.Length > 12 ? keyId[..8] : keyId;
}
