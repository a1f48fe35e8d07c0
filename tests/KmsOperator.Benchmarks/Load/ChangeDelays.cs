using System.Text.Json.Nodes;

namespace KmsOperator.Benchmarks.Load;

/// <summary>How long a change of one key among all takes to KMS: from the API server's answer to the call at the simulator, by the clock of the machine that has both.</summary>
internal sealed class ChangeDelays(ApiConnection api, SimulatorCalls calls, TimeProvider time)
{
    /// <summary>Changes descriptions one after the other; each waits until the operator has handled the one before.</summary>
    /// <param name="namespace">Where the keys are.</param>
    /// <param name="keys">How many there are; all are Ready.</param>
    /// <param name="changes">How many are changed, at most one change a key.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Delays> RunAsync(string @namespace, int keys, int changes, CancellationToken cancellationToken)
    {
        var answered = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        using var watch = await KeyWatch.OpenAsync(api, @namespace, cancellationToken);
        for (var i = 0; i < changes; i++)
        {
            var description = $"Change {i} of the bench";
            var body = ResourceBodies.Bytes(new JsonObject { ["spec"] = new JsonObject { ["description"] = description } });

            // Classes take turns, so keys at equal distances may all be of one account, whose quota of UpdateKeyDescription is 5 a second.
            var stride = keys / changes;
            await api.SendAsync(HttpMethod.Patch, ApiPaths.Key(@namespace, (i * stride) + (i % stride)), body, ApiConnection.MergePatch, cancellationToken);
            var at = time.GetUtcNow();
            answered[ResourceStatus.Arn(await watch.NextAsync(description, ResourceStatus.IsHandled, cancellationToken))] = at;
        }

        var sent = (await calls.ReadAsync(cancellationToken)).Where(call => call.Operation == "UpdateKeyDescription" && call.Key is not null).ToLookup(call => call.Key!);
        if (answered.Keys.Where(key => !sent.Contains(key)).ToArray() is { Length: > 0 } missing)
            throw new InvalidOperationException($"{missing.Length} of {answered.Count} changes were handled without a call to KMS, among them that of {missing[0]}.");
        // Each key is changed once, so its last call is the one that was asked for. A client that waits for a core sees the answer after the call.
        return new Delays(answered.Select(change => sent[change.Key].Last().Time - change.Value));
    }
}
