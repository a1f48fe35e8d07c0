using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kinds;

/// <summary>
/// Says on the resources of a kind that the operator cannot read that it cannot: an event, and the conditions <c>Ready</c> and <c>Stalled</c>, once for each
/// generation. They are set aside, and all others are reconciled as usual.
/// </summary>
internal sealed class UnreadableReconciler<T>(
    IKubernetesApi api, IEventRecorder events, TimeProvider time, ResourceType<T> type, IResourceStore<T> store, IWriteFence? fence, ILogger logger) : IReconciler
    where T : class, IResource
{
    private readonly ConcurrentDictionary<NamespacedName, (string? Uid, long? Generation)> _announced = new();
    private readonly ConcurrentDictionary<NamespacedName, (string? Uid, long? Generation)> _written = new();

    /// <inheritdoc />
    public async ValueTask<ReconcileResult> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (store.FindUnreadable(key) is not { } unreadable)
        {
            _announced.TryRemove(key, out _);
            _written.TryRemove(key, out _);
            return ReconcileResult.Done;
        }

        var state = (unreadable.Metadata.Uid, unreadable.Metadata.Generation);
        var message = $"The operator cannot read this resource and does nothing for it: {unreadable.Message} Correct it, or delete it.";
        if (!_announced.TryGetValue(key, out var announced) || announced != state)
        {
            events.Record(unreadable, EventType.Warning, Reasons.InvalidSpec, "Read", message);
            _announced[key] = state;
        }

        if (_written.TryGetValue(key, out var written) && written == state)
        {
            return ReconcileResult.Done;
        }

        if (fence?.IsOpen == false)
        {
            return ReconcileResult.Retry;
        }

        try
        {
            await api.MergePatchUnreadAsync(type, key, ConditionsOf(unreadable, message), "status", cancellationToken);
        }
        catch (KubernetesApiException e) when (e.IsConflict || e.IsNotFound)
        {
            // The watch brings what is there now.
            return ReconcileResult.Done;
        }
        catch (KubernetesApiException e) when (e.IsInvalid || e.IsForbidden || e.StatusCode == HttpStatusCode.RequestEntityTooLarge)
        {
            // The server does not take the object as it is, so only the event says it.
            logger.LogWarning("{Kind} {Key} cannot be read, and its conditions cannot be written: {Message}", type.Kind, key, e.Message);
        }

        _written[key] = state;
        return ReconcileResult.Done;
    }

    /// <summary>The patch. Everything else in the status stays: it names the resource's key.</summary>
    private JsonObject ConditionsOf(UnreadableObject unreadable, string message)
    {
        var ready = ReadyCondition.Of(ReconcileError.Terminal(Reasons.InvalidSpec, message));
        var status = new KeyStatus { Conditions = ResourceConditions.Next(null, ready, unreadable.Metadata.Generation, time.GetUtcNow()) };
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = unreadable.Metadata.ResourceVersion },
            ["status"] = JsonSerializer.SerializeToNode(status, ApiJsonContext.Default.KeyStatus),
        };
    }
}
