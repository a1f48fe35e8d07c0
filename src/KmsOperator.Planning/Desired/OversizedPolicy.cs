using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>
/// Keeps policies out of memory that are far larger than KMS permits. A CRD cannot limit the size of a free-form object, so a namespace user can store
/// some hundred KiB in each resource. What is kept in place of such a policy is its size alone.
/// </summary>
public static class OversizedPolicy
{
    /// <summary>Policies up to this many bytes of JSON are kept: escapes and the like may make one longer than it is for KMS.</summary>
    private const int MaxBytes = 2 * KeyPolicy.MaxBytes;

    /// <summary>A resource's policy fields as they may be kept: as they are, or an override that is the number of their bytes.</summary>
    public static PolicySpec? Bounded(PolicySpec? policy)
    {
        var bytes = (long)BytesOf(policy?.Override) + (policy?.AdditionalStatements?.Sum(statement => (long)BytesOf(statement)) ?? 0);
        if (bytes <= MaxBytes)
        {
            return policy;
        }

        using var size = JsonDocument.Parse(bytes.ToString(CultureInfo.InvariantCulture));
        return policy! with { Override = size.RootElement.Clone(), AdditionalStatements = null };
    }

    /// <summary>The size of the policy that an override stands for; null when the override is a policy itself.</summary>
    /// <param name="override">An override as <see cref="Bounded"/> returns it.</param>
    public static long? SizeOf(JsonElement? @override) =>
        @override is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var bytes) && bytes > MaxBytes ? bytes : null;

    private static int BytesOf(JsonElement? element) => element is { ValueKind: not JsonValueKind.Undefined } value ? JsonMarshal.GetRawUtf8Value(value).Length : 0;
}
