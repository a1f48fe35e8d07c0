using System.Text.Encodings.Web;
using System.Text.Json;
using KmsOperator.Plans.Steps;

namespace KmsOperator.Plans.Output;

/// <summary>A plan as JSON, for machines. docs/plan.md describes its shape.</summary>
internal static class JsonPlan
{
    // Grows when a reader of the old shape would misunderstand the new one.
    private const int FormatVersion = 1;

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The JSON, with a line break at its end.</summary>
    /// <param name="report">The plan.</param>
    /// <param name="version">The operator's version.</param>
    public static string Write(PlanReport report, string version)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            json.WriteNumber("formatVersion", FormatVersion);
            json.WriteString("operatorVersion", version);
            json.WriteString("clusterId", report.ClusterId);
            WriteSummary(json, report);
            json.WriteStartArray("resources");
            foreach (var resource in report.Resources)
            {
                Write(json, resource);
            }

            json.WriteEndArray();
            WriteStrings(json, "notes", report.Notes);
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static void WriteSummary(Utf8JsonWriter json, PlanReport report)
    {
        json.WriteStartObject("summary");
        json.WriteBoolean("hasChanges", report.HasChanges);
        json.WriteBoolean("hasErrors", report.HasErrors);
        foreach (var action in (PlannedAction[])[PlannedAction.Create, PlannedAction.Adopt, PlannedAction.Update, PlannedAction.Delete])
        {
            json.WriteNumber(Name(action), report.Count(action));
        }

        json.WriteNumber("unchanged", report.Resources.Count(resource => resource is { Action: PlannedAction.None, Outcome: PlannedOutcome.Ready }));
        foreach (var outcome in (PlannedOutcome[])[PlannedOutcome.Refused, PlannedOutcome.Failed, PlannedOutcome.Waiting, PlannedOutcome.Suspended, PlannedOutcome.Observed])
        {
            json.WriteNumber(Name(outcome), report.Count(outcome));
        }

        json.WriteNumber("dangers", report.Resources.SelectMany(resource => resource.Dangers).Count());
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ResourcePlan resource)
    {
        json.WriteStartObject();
        json.WriteString("kind", resource.Kind);
        json.WriteString("namespace", resource.Key.Namespace.Length == 0 ? null : resource.Key.Namespace);
        json.WriteString("name", resource.Key.Name);
        json.WriteString("place", resource.Place);
        json.WriteString("account", resource.AccountId);
        json.WriteString("region", resource.Region);
        json.WriteString("arn", resource.Arn);
        json.WriteString("action", Name(resource.Action));
        json.WriteString("outcome", Name(resource.Outcome));
        json.WriteString("reason", resource.Reason);
        json.WriteString("message", resource.Message);
        json.WriteStartArray("steps");
        foreach (var step in resource.Steps)
        {
            Write(json, step);
        }

        json.WriteEndArray();
        json.WriteStartArray("withFull");
        foreach (var step in resource.WithFull)
        {
            json.WriteStartObject();
            json.WriteString("operation", step.Operation);
            json.WriteString("summary", step.Summary);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteStrings(json, "notes", resource.Notes);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, PlanStep step)
    {
        json.WriteStartObject();
        json.WriteString("operation", step.Operation);
        json.WriteString("summary", step.Summary);
        json.WriteStartArray("changes");
        foreach (var change in step.Changes)
        {
            json.WriteStartObject();
            json.WriteString("change", Name(change.Kind));
            json.WriteString("subject", change.Subject);
            json.WriteString("before", change.Before);
            json.WriteString("after", change.After);
            if (change.Parts.Count > 0)
            {
                WriteStrings(json, "parts", change.Parts);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("dangers");
        foreach (var danger in step.Dangers)
        {
            json.WriteStartObject();
            json.WriteString("kind", Name(danger.Kind));
            json.WriteString("message", danger.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
