using System.Text.Json.Nodes;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>What kstatus (Flux' <c>wait</c>, Helm's <c>--wait</c>) makes of an object: its rules for custom resources, in its order.</summary>
internal static class Kstatus
{
    /// <summary><c>Terminating</c>, <c>InProgress</c>, <c>Failed</c> or <c>Current</c>.</summary>
    /// <param name="resource">The object as the API server shows it.</param>
    public static string Of(JsonNode resource)
    {
        if (resource["metadata"]!["deletionTimestamp"] is not null)
        {
            return "Terminating";
        }

        var status = resource["status"] as JsonObject;
        if (status?["observedGeneration"] is { } observed && observed.GetValue<long>() != resource["metadata"]!["generation"]!.GetValue<long>())
        {
            return "InProgress";
        }

        foreach (var condition in status?["conditions"]?.AsArray() ?? [])
        {
            switch ((Text(condition!["type"]), Text(condition["status"])))
            {
                case ("Reconciling", "True"):
                    return "InProgress";
                case ("Stalled", "True"):
                    return "Failed";
            }
        }

        var ready = status?["conditions"]?.AsArray().FirstOrDefault(condition => Text(condition!["type"]) == "Ready");
        return ready is null || Text(ready["status"]) == "True" ? "Current" : "InProgress";
    }

    private static string Text(JsonNode? node) => node!.GetValue<string>();
}
