using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Faults;
using KmsSimulator.Protocol;
using KmsSimulator.Sqs;
using KmsSimulator.Sts;

namespace KmsSimulator.Admin;

/// <summary><c>/_sim/faults</c>: one fault, or a list of them.</summary>
internal static class FaultRequests
{
    private static readonly ImmutableArray<(string Name, FaultKind Kind)> Kinds =
    [
        ("throttle", FaultKind.Throttle), ("error5xx", FaultKind.Error5xx), ("accessDenied", FaultKind.AccessDenied),
        ("dropBefore", FaultKind.DropBefore), ("dropAfter", FaultKind.DropAfter), ("delay", FaultKind.Delay),
        ("hold", FaultKind.Hold),
    ];

    /// <summary>Reads all or none.</summary>
    public static IReadOnlyList<Fault> Read(JsonElement body) =>
        body.ValueKind == JsonValueKind.Array ? [.. body.EnumerateArray().Select(ReadOne)] : [ReadOne(body)];

    public static JsonArray Show(ImmutableArray<Fault> faults) => new([.. faults.Select(fault =>
    {
        var json = new JsonObject
        {
            ["operation"] = fault.Operation,
            ["kind"] = Kinds.First(kind => kind.Kind == fault.Kind).Name,
            ["nth"] = fault.Nth,
            ["count"] = fault.Count,
        };
        if (fault.Account is not null)
            json["account"] = fault.Account;
        if (fault.Region is not null)
            json["region"] = fault.Region;
        if (fault.Kind == FaultKind.Delay)
            json["delayMs"] = fault.DelayMs;
        return (JsonNode)json;
    })]);

    private static Fault ReadOne(JsonElement body)
    {
        var request = new AdminRequest(body, "operation", "kind", "nth", "count", "account", "region", "delayMs");
        var operation = request.Required("operation");
        if (operation != "*" && !OperationTable.Simulated.ContainsKey(operation) && !StsProtocol.Operations.Contains(operation) && !SqsProtocol.Has(operation))
            throw new AdminException($"operation {operation} is none that is simulated; * is all.");
        var name = request.Required("kind");
        var kind = Kinds.FirstOrDefault(candidate => candidate.Name == name);
        if (kind.Name is null)
            throw new AdminException($"kind must be one of {string.Join(", ", Kinds.Select(candidate => candidate.Name))}, not {name}.");
        var delay = request.Integer("delayMs", 0);
        if (delay is not null != (kind.Kind == FaultKind.Delay))
            throw new AdminException("delayMs belongs to kind delay, and kind delay needs it.");
        return new Fault(
            operation,
            kind.Kind,
            request.Integer("nth", 1) ?? 1,
            request.Integer("count", 1) ?? 1,
            request.Text("account"),
            request.Text("region"),
            delay ?? 0);
    }
}
