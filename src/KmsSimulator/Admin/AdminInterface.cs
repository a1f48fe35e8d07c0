using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Model;
using KmsSimulator.Policies;
using KmsSimulator.Quotas;
using KmsSimulator.Sts;

namespace KmsSimulator.Admin;

/// <summary>What tests, benchmarks and people ask of the simulator besides KMS: <c>/_sim/…</c>.</summary>
internal sealed class AdminInterface(
    World world, CallLog calls, FaultPlan faults, PrincipalDirectory principals, CredentialStore credentials, RequestQuotas quotas)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/_sim/healthz", context => context.Response.WriteAsync("ok"));
        routes.MapGet("/_sim/keys", context => WriteAsync(context, Keys()));
        routes.MapGet("/_sim/calls", context => WriteAsync(context, context.Request.Query.ContainsKey("detail") ? CallDetails() : CallCounts()));
        routes.MapGet("/_sim/faults", context => WriteAsync(context, new JsonArray([.. faults.Remaining.Select(Show)])));
        routes.MapDelete("/_sim/faults", context => Accept(context, faults.Clear));
        routes.MapPost("/_sim/faults", context => ReadAsync(context, SetFaults));
        routes.MapPost("/_sim/clock", context => ReadAsync(context, AdvanceClock));
        routes.MapPost("/_sim/principals", context => ReadAsync(context, SetPrincipals));
        routes.MapPost("/_sim/roles", context => ReadAsync(context, SetRole));
        routes.MapPost("/_sim/reset", context => Accept(context, Reset));
    }

    private JsonArray Keys()
    {
        lock (world.Lock)
        {
            world.Settle();
            var now = world.Clock.Now;
            return new JsonArray([.. world.Regions.OrderBy(region => region.Account, StringComparer.Ordinal).ThenBy(region => region.Name, StringComparer.Ordinal)
                .SelectMany(region => region.Keys.Select(key => Show(key, region, now)))]);
        }
    }

    private static JsonObject Show(KeyRecord key, RegionState region, DateTimeOffset now) => new()
    {
        ["accountId"] = key.AccountId,
        ["region"] = key.Region,
        ["keyId"] = key.KeyId,
        ["arn"] = key.Arn,
        ["keyState"] = key.StateAt(now),
        ["description"] = key.Description,
        ["keySpec"] = key.KeySpec,
        ["keyUsage"] = key.KeyUsage,
        ["multiRegion"] = key.Family is not null,
        ["multiRegionKeyType"] = key.Family is null ? null : key.Family.PrimaryRegion == key.Region ? "PRIMARY" : "REPLICA",
        ["aliases"] = new JsonArray([.. region.Aliases.Where(alias => alias.TargetKeyId == key.KeyId).Select(alias => (JsonNode)alias.Name)]),
        ["tags"] = new JsonObject(key.Tags.Select(tag => KeyValuePair.Create(tag.Key, (JsonNode?)tag.Value))),
        ["policy"] = key.Policy,
        ["rotation"] = new JsonObject { ["enabled"] = key.Rotation.Enabled, ["periodDays"] = key.Rotation.Enabled ? key.Rotation.PeriodDays : null },
        ["deletionDate"] = key.DeletionDate?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
    };

    private JsonObject CallCounts() => new(calls.Calls
        .GroupBy(call => call.Operation)
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .Select(group => KeyValuePair.Create(group.Key, (JsonNode?)group.Count())));

    private JsonArray CallDetails() => new([.. calls.Calls.Select(call => new JsonObject
    {
        ["time"] = call.Time.UtcDateTime.ToString("O"),
        ["operation"] = call.Operation,
        ["account"] = call.Account,
        ["region"] = call.Region,
        ["outcome"] = call.Outcome,
        ["key"] = call.Key,
    })]);

    private static JsonObject Show(Fault fault) => new()
    {
        ["operation"] = fault.Operation,
        ["kind"] = char.ToLowerInvariant(fault.Kind.ToString()[0]) + fault.Kind.ToString()[1..],
        ["nth"] = fault.Nth,
        ["count"] = fault.Count,
        ["account"] = fault.Account,
        ["region"] = fault.Region,
        ["delayMs"] = (int)fault.Delay.TotalMilliseconds,
    };

    private string? SetFaults(JsonElement body)
    {
        var list = body.ValueKind == JsonValueKind.Array ? [.. body.EnumerateArray()] : new[] { body };
        var parsed = new List<Fault>();
        foreach (var item in list)
        {
            if (Text(item, "operation") is not { } operation)
            {
                return "operation is missing (an operation's name, or *)";
            }

            if (!Enum.TryParse<FaultKind>(Text(item, "kind"), ignoreCase: true, out var kind))
            {
                return $"kind must be one of throttle, error5xx, accessDenied, dropBefore, dropAfter, delay, not {Text(item, "kind")}";
            }

            var (nth, count) = (Number(item, "nth") ?? 1, Number(item, "count") ?? 1);
            if (nth < 1 || count < 1)
            {
                return "nth and count must be 1 or more";
            }

            parsed.Add(new Fault(operation, kind, nth, count, Text(item, "account"), Text(item, "region"), TimeSpan.FromMilliseconds(Number(item, "delayMs") ?? 0)));
        }

        parsed.ForEach(faults.Add);
        return null;
    }

    private string? AdvanceClock(JsonElement body)
    {
        if (Number(body, "advanceSeconds") is not { } seconds || seconds < 0)
        {
            return "advanceSeconds must be a number, 0 or more";
        }

        lock (world.Lock)
        {
            world.Clock.Advance(TimeSpan.FromSeconds(seconds));
            world.Settle();
        }

        return null;
    }

    private string? SetPrincipals(JsonElement body)
    {
        foreach (var arn in Texts(body, "exists"))
        {
            principals.Add(arn);
        }

        foreach (var arn in Texts(body, "delete"))
        {
            principals.Delete(arn);
            lock (world.Lock)
            {
                // KMS stores unique ids: the deleted principal's shows up in the policies that name it.
                var id = (arn.Contains(":role/", StringComparison.Ordinal) ? "AROA" : "AIDA") + world.Hex(16).ToUpperInvariant();
                foreach (var region in world.Regions)
                {
                    foreach (var key in region.Keys.Where(key => key.Policy.Contains($"\"{arn}\"", StringComparison.Ordinal)).ToArray())
                    {
                        region.Put(key with { Policy = key.Policy.Replace($"\"{arn}\"", $"\"{id}\"", StringComparison.Ordinal) });
                    }
                }
            }
        }

        if (body.TryGetProperty("strict", out var strict) && strict.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            principals.Strict = strict.GetBoolean();
        }

        return null;
    }

    private string? SetRole(JsonElement body)
    {
        if (Text(body, "arn") is not { } arn || CredentialStore.ParseRole(arn) is null)
        {
            return "arn must be the ARN of a role";
        }

        credentials.SetRole(arn, new RoleRule(Text(body, "externalId"), body.TryGetProperty("deny", out var deny) && deny.ValueKind == JsonValueKind.True));
        return null;
    }

    private void Reset()
    {
        lock (world.Lock)
        {
            world.Reset();
            world.Clock.Reset();
        }

        calls.Clear();
        faults.Clear();
        principals.Reset();
        credentials.Reset();
        quotas.Reset();
    }

    private static string? Text(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? Number(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    private static IEnumerable<string> Texts(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)
            : [];

    private static async Task ReadAsync(HttpContext context, Func<JsonElement, string?> act)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            if (act(body.RootElement) is { } problem)
            {
                context.Response.StatusCode = 400;
                await context.Response.WriteAsync(problem + "\n");
                return;
            }
        }
        catch (JsonException e)
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync($"The body is not JSON: {e.Message}\n");
            return;
        }

        context.Response.StatusCode = 204;
    }

    private static Task Accept(HttpContext context, Action act)
    {
        act();
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private static Task WriteAsync(HttpContext context, JsonNode json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json.ToJsonString() + "\n");
    }
}
