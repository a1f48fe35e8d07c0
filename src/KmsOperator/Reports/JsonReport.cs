using System.Text.Encodings.Web;
using System.Text.Json;
using KmsOperator.Policies;
using KmsOperator.Policies.Linting;

namespace KmsOperator.Reports;

/// <summary>A report as JSON.</summary>
internal static class JsonReport
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The JSON, with a line break at its end.</summary>
    public static string Write(KeyReport report)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            json.WriteString("at", report.At.UtcDateTime);
            json.WriteString("clusterId", report.ClusterId);
            json.WriteNumber("monthlyUsd", report.MonthlyUsd);
            json.WriteStartArray("keys");
            foreach (var row in report.Rows)
            {
                Write(json, row);
            }

            json.WriteEndArray();
            WriteStrings(json, "errors", report.Errors);
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter json, KeyRow row)
    {
        json.WriteStartObject();
        json.WriteString("owner", row.Owner);
        json.WriteString("account", row.AccountId);
        json.WriteString("region", row.Region);
        json.WriteString("keyId", row.KeyId);
        json.WriteString("alias", row.Alias);
        json.WriteString("state", row.State);
        json.WriteString("ready", row.Ready);
        WriteNumber(json, "rotationDays", row.RotationDays);
        WriteNumber(json, "rotations", row.Rotations);
        WriteDate(json, "lastRotation", row.LastRotation);
        WriteDate(json, "lastUsed", row.LastUsed);
        json.WriteStartObject("access");
        json.WriteBoolean("ownAccount", row.Reaches(AudienceKind.OwnAccount).Any());
        WriteStrings(json, "otherAccounts", row.Reaches(AudienceKind.OtherAccount));
        WriteStrings(json, "organizations", row.Reaches(AudienceKind.Organization));
        WriteStrings(json, "services", row.Reaches(AudienceKind.Service));
        json.WriteBoolean("everybody", row.Reaches(AudienceKind.Everybody).Any());
        json.WriteEndObject();
        Write(json, row.Findings);
        WriteNumber(json, "monthlyUsd", row.MonthlyUsd);
        json.WriteString("orphaned", row.Orphaned);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<PolicyFinding> findings)
    {
        json.WriteStartArray("findings");
        foreach (var finding in findings)
        {
            json.WriteStartObject();
            json.WriteString("rule", finding.Rule.Id);
            json.WriteString("level", finding.Rule.Level);
            json.WriteString("message", finding.Message);
            WriteNumber(json, "statement", finding.Statement);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteDate(Utf8JsonWriter json, string name, DateTimeOffset? at)
    {
        if (at is { } date)
        {
            json.WriteString(name, date.UtcDateTime);
        }
        else
        {
            json.WriteNull(name);
        }
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
}
