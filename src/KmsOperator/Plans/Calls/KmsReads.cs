using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KmsOperator.Plans.Calls;

/// <summary>
/// Sends each read of an account and Region once: a plan is a look at one moment, and the operator's parts, each by itself, ask for the same things.
/// </summary>
internal sealed class KmsReads
{
    private readonly ConcurrentDictionary<string, Lazy<Task<Answer>>> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, KeySight> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _aliases = new(StringComparer.Ordinal);

    /// <summary>The answer to a read, which is sent if nobody has asked for the same.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="body">Its parameters.</param>
    /// <param name="send">Sends the request.</param>
    public async Task<HttpResponseMessage> GetAsync(string operation, JsonObject body, Func<Task<HttpResponseMessage>> send)
    {
        var key = $"{operation} {body.ToJsonString()}";
        var answer = _answers.GetOrAdd(key, _ => new Lazy<Task<Answer>>(() => ReadAsync(operation, body, send)));
        try
        {
            var read = await answer.Value;
            if (!read.IsFinal)
            {
                _answers.TryRemove(KeyValuePair.Create(key, answer));
            }

            return read.ToResponse();
        }
        catch
        {
            _answers.TryRemove(KeyValuePair.Create(key, answer));
            throw;
        }
    }

    /// <summary>What was read of a key.</summary>
    public KeySight Of(string? keyId) => keyId is not null && _keys.TryGetValue(keyId, out var sight) ? sight : KeySight.Nothing;

    /// <summary>The key that an alias points at; null where the list has no such alias.</summary>
    public string? AliasTarget(string aliasName) => _aliases.GetValueOrDefault(aliasName);

    /// <summary>Remembers what a call of the plan does.</summary>
    public void Apply(string operation, string? keyId, JsonObject body)
    {
        if (keyId is not null)
        {
            _keys.AddOrUpdate(keyId, _ => KeySight.Nothing.WithCall(operation, body), (_, sight) => sight.WithCall(operation, body));
        }

        switch (operation)
        {
            case "CreateAlias" or "UpdateAlias":
                _aliases[(string)body["AliasName"]!] = (string)body["TargetKeyId"]!;
                break;
            case "DeleteAlias":
                _aliases.TryRemove((string)body["AliasName"]!, out _);
                break;
            default:
                break;
        }
    }

    private async Task<Answer> ReadAsync(string operation, JsonObject body, Func<Task<HttpResponseMessage>> send)
    {
        using var response = await send();
        var answer = new Answer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(), response.Content.Headers.ContentType?.MediaType ?? "application/x-amz-json-1.1");
        if (answer.Json is { } json && response.IsSuccessStatusCode)
        {
            Remember(operation, (string?)body["KeyId"], json);
        }

        return answer;
    }

    private void Remember(string operation, string? keyId, JsonObject answer)
    {
        // DescribeKey also takes aliases and ARNs; the answer has the id.
        if (((string?)answer["KeyMetadata"]?["KeyId"] ?? keyId) is { } id)
        {
            _keys.AddOrUpdate(id, _ => KeySight.Nothing.WithAnswer(operation, answer), (_, sight) => sight.WithAnswer(operation, answer));
        }

        foreach (var alias in operation == "ListAliases" ? (answer["Aliases"] as JsonArray ?? []).OfType<JsonObject>() : [])
        {
            if ((string?)alias["AliasName"] is { } name && (string?)alias["TargetKeyId"] is { } target)
            {
                _aliases[name] = target;
            }
        }
    }

    private sealed record Answer(HttpStatusCode Status, byte[] Body, string MediaType)
    {
        public JsonObject? Json
        {
            get
            {
                try
                {
                    return JsonNode.Parse(Body) as JsonObject;
                }
                catch (JsonException)
                {
                    return null;
                }
            }
        }

        /// <summary>Whether asking again would give the same: what exists, what does not, and what may not be read. Not throttling, nor an outage.</summary>
        public bool IsFinal => Status == HttpStatusCode.OK
            || (Status == HttpStatusCode.BadRequest && Encoding.UTF8.GetString(Body) is var text
                && (text.Contains("NotFoundException", StringComparison.Ordinal) || text.Contains("AccessDeniedException", StringComparison.Ordinal)));

        public HttpResponseMessage ToResponse() => DryTransport.Respond(Status, Body, MediaType);
    }
}
