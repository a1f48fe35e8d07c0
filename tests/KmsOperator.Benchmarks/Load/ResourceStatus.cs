using System.Text.Json;
using KmsOperator.Api;

namespace KmsOperator.Benchmarks.Load;

/// <summary>What is read from a resource's status.</summary>
internal static class ResourceStatus
{
    /// <summary>Stands in the line of every resource that is Ready: the fields of a condition come in the order of their names.</summary>
    public const string ReadyText = "\"status\":\"True\",\"type\":\"Ready\"";

    public static bool IsReady(JsonElement resource) =>
        resource.TryGetProperty("status", out var status) && status.TryGetProperty("conditions", out var conditions)
        && conditions.EnumerateArray().Any(condition =>
            condition.GetProperty("type").ValueEquals(ConditionTypes.Ready) && condition.GetProperty("status").ValueEquals("True"));

    /// <summary>Whether the operator has handled the present spec. From before its first call until the end of a change the status has no hash of what the key is like.</summary>
    public static bool IsHandled(JsonElement resource) =>
        IsReady(resource) && resource.GetProperty("status") is var status && status.TryGetProperty("desiredSha256", out _)
        && status.GetProperty("observedGeneration").GetInt64() == resource.GetProperty("metadata").GetProperty("generation").GetInt64();

    public static string Arn(JsonElement key) => key.GetProperty("status").GetProperty("arn").GetString()!;
}
