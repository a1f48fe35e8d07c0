using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.State;

namespace KmsSimulator.Admin;

/// <summary>What tests, benchmarks and people ask of the simulator besides KMS: <c>/_sim/…</c>.</summary>
internal sealed class AdminInterface(Simulation simulation)
{
    private static readonly JsonWriterOptions Format = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await WriteAsync(context, StatusCodes.Status200OK, await AnswerAsync(context.Request));
        }
        catch (AdminException e)
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, new JsonObject { ["error"] = e.Message });
        }
        catch (JsonException e)
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, new JsonObject { ["error"] = $"The body is not JSON: {e.Message}" });
        }
    }

    private async Task<JsonNode?> AnswerAsync(HttpRequest request) => (request.Method, request.Path.Value?.TrimEnd('/')) switch
    {
        ("GET", "/_sim/healthz") => new JsonObject { ["status"] = "ok" },
        ("GET", "/_sim/keys") => KeyListing.Of(simulation),
        ("GET", "/_sim/calls") => request.Query.TryGetValue("detail", out var detail) && detail != "0" ? CallDetails() : CallCounts(),
        ("GET", "/_sim/faults") => FaultRequests.Show(simulation.Faults.Remaining),
        ("POST", "/_sim/faults") => await ReadAsync(request, SetFaults),
        ("DELETE", "/_sim/faults") => Do(simulation.Faults.Clear),
        ("POST", "/_sim/clock") => await ReadAsync(request, AdvanceClock),
        ("POST", "/_sim/principals") => await ReadAsync(request, body => PrincipalRequests.Set(simulation, body)),
        ("POST", "/_sim/roles") => await ReadAsync(request, body => RoleRequests.Set(simulation, body)),
        ("POST", "/_sim/reset") => Do(simulation.Reset),
        var (method, path) => throw new AdminException(
            $"There is no {method} {path}. There are GET healthz, keys, calls, faults; POST faults, clock, principals, roles, reset; "
            + "DELETE faults."),
    };

    private JsonObject CallCounts() => new(simulation.Calls.Counts.Select(count => KeyValuePair.Create(count.Key, (JsonNode?)count.Value)));

    private JsonArray CallDetails() => new([.. simulation.Calls.Details.Select(call => new JsonObject
    {
        ["time"] = call.Time.UtcDateTime,
        ["operation"] = call.Operation,
        ["account"] = call.Account,
        ["region"] = call.Region,
        ["outcome"] = call.Outcome,
        ["key"] = call.Key,
    })]);

    private JsonArray SetFaults(JsonElement body)
    {
        simulation.Faults.Add(FaultRequests.Read(body));
        return FaultRequests.Show(simulation.Faults.Remaining);
    }

    private JsonObject AdvanceClock(JsonElement body)
    {
        // Ten years: no window, rotation period or session needs more at once, and no date overflows.
        var seconds = new AdminRequest(body, "advanceSeconds").Number("advanceSeconds", 0, 315_360_000)
            ?? throw new AdminException("advanceSeconds is missing.");
        simulation.Clock.Advance(TimeSpan.FromSeconds(seconds));
        return new JsonObject { ["now"] = simulation.Clock.GetUtcNow().UtcDateTime };
    }

    private static JsonObject Do(Action act)
    {
        act();
        return [];
    }

    private static async Task<JsonNode?> ReadAsync(HttpRequest request, Func<JsonElement, JsonNode?> act)
    {
        using var body = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
        return act(body.RootElement);
    }

    private static async Task WriteAsync(HttpContext context, int status, JsonNode? answer)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.Body, Format))
        {
            if (answer is null)
                json.WriteNullValue();
            else
                answer.WriteTo(json);
            await json.FlushAsync(context.RequestAborted);
        }

        await context.Response.WriteAsync("\n", context.RequestAborted);
    }
}
