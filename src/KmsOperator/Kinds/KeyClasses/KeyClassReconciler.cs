using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Configuration;
using KmsOperator.Keys.Accounts;
using KmsOperator.Keys.Classes;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Kinds.KeyClasses;

/// <summary>Verifies a KeyClass: its spec, its credentials, and that they belong to the account that it names.</summary>
internal sealed class KeyClassReconciler(
    IKubernetesApi api,
    IEventRecorder events,
    TimeProvider time,
    IResourceStore<KeyClass> store,
    ClassDirectory classes,
    AccountCheck accounts,
    OperatorSettings settings) : IReconciler
{
    // Reason of the event that several default classes cause.
    private const string SeveralDefaults = "SeveralDefaultClasses";

    /// <inheritdoc />
    public async ValueTask<ReconcileResult> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (!store.TryGet(key, out var keyClass) || keyClass.Metadata.DeletionTimestamp is not null)
        {
            return ReconcileResult.Done;
        }

        ReportSeveralDefaults(keyClass);
        var (accountId, error) = await VerifyAsync(keyClass, cancellationToken);
        var ready = error is null
            ? ReadyCondition.Available(Reasons.Available, $"The credentials belong to account {accountId}.")
            : ReadyCondition.Of(error);
        try
        {
            await WriteStatusAsync(keyClass, accountId, ready, cancellationToken);
        }
        catch (KubernetesApiException e) when (e.IsConflict || e.IsNotFound)
        {
            return ReconcileResult.Retry;
        }

        return error is null ? ReconcileResult.RequeueAfter(settings.DriftPeriod) : ReconcileResult.RetryFor(error.Reason);
    }

    private async Task<(string? AccountId, ReconcileError? Error)> VerifyAsync(KeyClass keyClass, CancellationToken cancellationToken)
    {
        if (SpecErrors.Find(keyClass) is { } invalid)
        {
            return (null, invalid);
        }

        var access = ResolvedKey.AccessOf(keyClass, keyClass.Spec.Region);
        var (accountId, error) = await accounts.IdentifyAsync(access, time.GetUtcNow(), cancellationToken);
        return accountId is null ? (null, error) : (accountId, AccountCheck.FindMismatch(access, keyClass.Spec.Account?.Id, accountId));
    }

    private async Task WriteStatusAsync(KeyClass keyClass, string? accountId, ReadyCondition ready, CancellationToken cancellationToken)
    {
        var generation = keyClass.Metadata.Generation;
        var before = ResourceConditions.Find(keyClass.Status?.Conditions, ConditionTypes.Ready);
        var status = new KeyClassStatus
        {
            ObservedGeneration = generation,
            AccountId = accountId,
            Conditions = ResourceConditions.Next(keyClass.Status?.Conditions, ready, generation, time.GetUtcNow()),
        };
        var body = (JsonObject)JsonSerializer.SerializeToNode(status, ApiJsonContext.Default.KeyClassStatus)!;
        await api.ApplyStatusAsync(ResourceTypes.KeyClasses, keyClass, body, cancellationToken);
        if (before?.Reason != ready.Reason || before.Status != ready.Ready)
        {
            events.Record(keyClass, ready.Extra == ConditionTypes.Stalled ? EventType.Warning : EventType.Normal, ready.Reason, "Reconcile", ready.Message);
        }
    }

    private void ReportSeveralDefaults(KeyClass keyClass)
    {
        var defaults = classes.Defaults.ToArray();
        if (defaults.Length > 1 && defaults.Any(other => other.Metadata.Uid == keyClass.Metadata.Uid))
        {
            events.Record(
                keyClass,
                EventType.Warning,
                SeveralDefaults,
                "Reconcile",
                $"{defaults.Length} KeyClasses are annotated as default ({string.Join(", ", defaults.Select(other => other.Metadata.Name))}); {defaults[0].Metadata.Name}, the oldest, is used.");
        }
    }
}
