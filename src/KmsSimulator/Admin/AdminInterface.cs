using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Admin;

/// <summary>What tests, benchmarks and people ask of the simulator besides KMS: <c>/_sim/…</c>.</summary>
internal sealed class AdminInterface
{
    private static readonly JsonWriterOptions Format = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Simulation _simulation;
    private readonly Dictionary<(string Path, string Method), Func<HttpRequest, Task<JsonNode?>>> _requests;

    public AdminInterface(Simulation simulation)
    {
        _simulation = simulation;
        _requests = new()
        {
            [("/_sim/healthz", "GET")] = Show(_ => new JsonObject { ["status"] = "ok" }),
            [("/_sim/keys", "GET")] = Show(_ => KeyListing.Of(simulation)),
            [("/_sim/calls", "GET")] = Show(request =>
                request.Query.TryGetValue("detail", out var detail) && detail != "0" ? CallDetails() : CallCounts()),
            [("/_sim/faults", "GET")] = Show(_ => FaultRequests.Show(simulation.Faults.Remaining)),
            [("/_sim/faults", "POST")] = request => ReadAsync(request, SetFaults),
            [("/_sim/faults", "DELETE")] = Show(_ => Do(simulation.Faults.Clear)),
            [("/_sim/faults/release", "POST")] = Show(_ => new JsonObject { ["released"] = simulation.Faults.Release() }),
            [("/_sim/clock", "POST")] = request => ReadAsync(request, AdvanceClock),
            [("/_sim/principals", "POST")] = request => ReadAsync(request, body => PrincipalRequests.Set(simulation, body)),
            [("/_sim/callers", "POST")] = request => ReadAsync(request, body => CallerRequests.Make(simulation, body)),
            [("/_sim/organizations", "POST")] = request => ReadAsync(request, body => OrganizationRequests.Set(simulation, body)),
            [("/_sim/roles", "POST")] = request => ReadAsync(request, body => RoleRequests.Set(simulation, body)),
            [("/_sim/custom-key-stores", "POST")] = request => ReadAsync(request, body => KeyStoreRequests.Add(simulation, body)),
            [("/_sim/events", "POST")] = request => ReadAsync(request, body => EventRequests.Add(simulation, body)),
            [("/_sim/events", "DELETE")] = Show(_ => Do(simulation.Trail.Reset)),
            [("/_sim/reset", "POST")] = Show(_ => Do(simulation.Reset)),
        };
    }

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await WriteAsync(context, StatusCodes.Status200OK, await Find(context)(context.Request));
        }
        catch (AdminException e)
        {
            await WriteAsync(context, e.Status, new JsonObject { ["error"] = e.Message });
        }
        catch (JsonException e)
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, new JsonObject { ["error"] = $"The body is not JSON: {e.Message}" });
        }
    }

    private Func<HttpRequest, Task<JsonNode?>> Find(HttpContext context)
    {
        var (method, path) = (context.Request.Method, (context.Request.Path.Value ?? "").TrimEnd('/'));
        if (_requests.TryGetValue((path, method), out var answer))
            return answer;
        var methods = _requests.Keys.Where(request => request.Path == path).Select(request => request.Method).ToArray();
        if (methods.Length == 0)
        {
            var all = string.Join(", ", _requests.Keys.Select(request => $"{request.Method} {request.Path}"));
            throw new AdminException($"There is no {Errors.Shown(path)}. There are {all}.", StatusCodes.Status404NotFound);
        }

        context.Response.Headers.Allow = string.Join(", ", methods);
        throw new AdminException($"{path} takes {string.Join(" and ", methods)}, not {method}.", StatusCodes.Status405MethodNotAllowed);
    }

    private JsonObject CallCounts() => new(_simulation.Calls.Counts.Select(count => KeyValuePair.Create(count.Key, (JsonNode?)count.Value)));

    private JsonArray CallDetails() => new([.. _simulation.Calls.Details.Select(call => new JsonObject
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
        _simulation.Faults.Add(FaultRequests.Read(body));
        return FaultRequests.Show(_simulation.Faults.Remaining);
    }

    private JsonObject AdvanceClock(JsonElement body)
    {
        // Ten years: no window, rotation period or session needs more at once.
        var seconds = new AdminRequest(body, "advanceSeconds").Number("advanceSeconds", 0, 315_360_000)
            ?? throw new AdminException("advanceSeconds is missing.");
        var clock = _simulation.Clock;
        if (!clock.TryAdvance(TimeSpan.FromSeconds(seconds)))
        {
            throw new AdminException(
                $"The clock is {clock.Ahead.TotalDays:F0} days ahead, and may be {SimulatorClock.MaxAhead.TotalDays:F0} days ahead in all; "
                + "POST /_sim/reset sets it back.");
        }

        // What waits for a message may see one now.
        _simulation.Queues.Wake();
        return new JsonObject { ["now"] = clock.GetUtcNow().UtcDateTime };
    }

    private static JsonObject Do(Action act)
    {
        act();
        return [];
    }

    private static Func<HttpRequest, Task<JsonNode?>> Show(Func<HttpRequest, JsonNode?> answer) => request => Task.FromResult(answer(request));

    private static async Task<JsonNode?> ReadAsync(HttpRequest request, Func<JsonElement, JsonNode?> act)
    {
        var text = await RequestBody.ReadAsync(request)
            ?? throw new AdminException($"The body is longer than {RequestBody.MaxBytes} bytes.", StatusCodes.Status413PayloadTooLarge);
        using var body = JsonText.Parse(text);
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
