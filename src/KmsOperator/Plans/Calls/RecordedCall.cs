using System.Text.Json.Nodes;

namespace KmsOperator.Plans.Calls;

/// <summary>A KMS call that the operator would send, and that was not sent.</summary>
/// <param name="Operation">KMS's name, for example <c>PutKeyPolicy</c>.</param>
/// <param name="Region">The Region that it would go to.</param>
/// <param name="KeyId">The key; null for <c>CreateKey</c> and for calls that name no key.</param>
/// <param name="Body">The request's parameters, as KMS documents them.</param>
/// <param name="Before">What KMS shows of the key before the call, as far as the operator has read it.</param>
internal sealed record RecordedCall(string Operation, string Region, string? KeyId, JsonObject Body, KeySight Before)
{
    /// <summary>The text of a parameter; null where it is absent.</summary>
    public string? Text(string parameter) => Body[parameter] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>The call's tags: those that it puts.</summary>
    public IReadOnlyDictionary<string, string> Tags => KeySight.TagsIn(Body);
}
