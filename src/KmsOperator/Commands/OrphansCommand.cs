using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Hosting;
using KmsOperator.Kubernetes;
using KmsOperator.Orphans;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator orphans</c>: this cluster's keys that no resource has. It only reads.</summary>
internal static class OrphansCommand
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The command.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    public static Command Create(Func<string, string?> environment)
    {
        var target = new ClusterFlags(environment);
        var clusterId = new OperatorFlags(environment).ClusterId;
        var output = new Option<string>("--output", "-o") { Description = "text or json.", DefaultValueFactory = _ => "text" };
        output.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not ("text" or "json"))
            {
                result.AddError($"--output: '{result.GetValueOrDefault<string>()}' is neither text nor json.");
            }
        });

        var command = new Command("orphans", "List this cluster's keys in AWS that no resource has. Exit code 2 if there are any. Nothing is changed.") { target.Context, clusterId, output };
        command.SetAction((result, cancellationToken) => ClusterAccess.UseAsync(
            () => target.Connect(result, TimeProvider.System), result.InvocationConfiguration.Error,
            api => RunAsync(api, result.GetValue(clusterId), result.GetValue(output)!, result.InvocationConfiguration.Output, result.InvocationConfiguration.Error, cancellationToken)));
        return command;
    }

    /// <summary>Searches and prints.</summary>
    /// <returns>0 when every key has a resource; 2 when one has none; 1 when an account or Region could not be searched, whatever was found elsewhere.</returns>
    internal static async Task<int> RunAsync(
        OrphanSearch search, string clusterId, string format, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        var report = await search.RunAsync(clusterId, cancellationToken);
        await output.WriteAsync(format == "json" ? Json(report.Orphans) : Text(report.Orphans));
        foreach (var line in report.Notes.Concat(report.Errors))
        {
            await errors.WriteLineAsync(line);
        }

        return report.Errors.Count > 0 ? ExitCodes.Failure : report.Orphans.Count > 0 ? ExitCodes.Found : ExitCodes.Success;
    }

    private static async Task<int> RunAsync(KubernetesApi api, string? clusterId, string format, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        clusterId ??= await OperatorHost.FindClusterIdAsync(api, cancellationToken);
        using var clients = new AwsClients(RoleSessionName.ForCluster(clusterId), new RequestRateLimiter(RequestRateLimiter.DefaultShare, time), time: time);

        // Nothing is written here, so nothing that KMS shows can be older than a write of this process.
        var regions = new RegionalClientFactory(clients, time, TimeSpan.Zero);
        return await RunAsync(new OrphanSearch(new ListedResources(api), regions, time), clusterId, format, output, errors, cancellationToken);
    }

    private static string Text(IReadOnlyList<KeyFinding> orphans)
    {
        if (orphans.Count == 0)
        {
            return "";
        }

        string[][] rows =
        [
            ["ACCOUNT", "REGION", "KEY-ID", "STATE", "OWNER", "WHY", "CREATED"],
            .. orphans.Select(one => new[] { one.Key.AccountId, one.Key.Region, one.Key.KeyId, one.Key.State, one.Owner.Length > 0 ? one.Owner : "-", one.Why, Created(one) ?? "-" }),
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        return string.Concat(rows.Select(row => string.Join("   ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd() + "\n"));
    }

    private static string Json(IReadOnlyList<KeyFinding> orphans)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartArray();
            foreach (var one in orphans)
            {
                json.WriteStartObject();
                json.WriteString("account", one.Key.AccountId);
                json.WriteString("region", one.Key.Region);
                json.WriteString("keyId", one.Key.KeyId);
                json.WriteString("arn", one.Key.Arn);
                json.WriteString("state", one.Key.State);
                json.WriteString("owner", one.Owner);
                json.WriteString("reason", one.Standing.ToString());
                json.WriteString("why", one.Why);
                json.WriteString("created", Created(one));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static string? Created(KeyFinding one) => one.Key.Created?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
