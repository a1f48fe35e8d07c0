using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Checks a KeyClass: its spec, its credentials, and that they belong to the account it names.</summary>
internal sealed class KeyClassReconciler(
    IKubernetesApi api,
    IEventRecorder events,
    TimeProvider time,
    ResourceType<KeyClass> type,
    IResourceStore<KeyClass> store,
    ClassDirectory classes,
    RegionalClientFactory regions,
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
        var (accountId, error) = ReconcileResults.InvalidSpec(SpecValidation.Validate(keyClass)) is { } invalid
            ? (null, invalid)
            : await IdentifyAsync(keyClass, cancellationToken);
        var verdict = error is null
            ? ReadyCondition.Available(Reasons.Available, $"The credentials belong to account {accountId}.")
            : ReadyCondition.Of(error);
        try
        {
            await SaveAsync(keyClass, accountId, verdict, cancellationToken);
        }
        catch (KubernetesApiException e) when (e.IsConflict || e.IsNotFound)
        {
            return ReconcileResult.Retry;
        }

        return error is null ? ReconcileResult.RequeueAfter(settings.DriftPeriod) : ReconcileResult.Retry;
    }

    private async Task<(string? AccountId, ReconcileError? Error)> IdentifyAsync(KeyClass keyClass, CancellationToken cancellationToken)
    {
        var access = ServiceKeyReconciler.AccessOf(keyClass, keyClass.Spec.Region);
        try
        {
            var accountId = await regions.GetAccountIdAsync(access, time.GetUtcNow(), cancellationToken);
            return keyClass.Spec.Account?.Id is { } wanted && wanted != accountId
                ? (accountId, ReconcileError.Terminal(
                    Reasons.AccountMismatch,
                    $"spec.account.id: is {wanted}, but the credentials{(access.RoleArn is null ? "" : $" of {access.RoleArn}")} belong to account {accountId}. Nothing is written there."))
                : (accountId, null);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            var operation = access.RoleArn is null ? "GetCallerIdentity" : "AssumeRole";
            var subject = access.RoleArn ?? "the operator's own credentials";
            return (null, AwsReconcileError.For(failure with { Operation = operation }, subject, isRecent: false));
        }
    }

    private async Task SaveAsync(KeyClass keyClass, string? accountId, ReadyCondition verdict, CancellationToken cancellationToken)
    {
        var generation = keyClass.Metadata.Generation;
        var before = ResourceConditions.Find(keyClass.Status?.Conditions, ConditionTypes.Ready);
        var status = new KeyClassStatus
        {
            ObservedGeneration = generation,
            AccountId = accountId,
            Conditions = ResourceConditions.Next(keyClass.Status?.Conditions, verdict, generation, time.GetUtcNow()),
        };
        var body = (JsonObject)JsonSerializer.SerializeToNode(status, ApiJsonContext.Default.KeyClassStatus)!;
        await api.ApplyStatusAsync(type, keyClass, body, cancellationToken);
        if (before?.Reason != verdict.Reason || before.Status != verdict.Ready)
        {
            events.Record(
                keyClass, verdict.Extra == ConditionTypes.Stalled ? EventType.Warning : EventType.Normal, verdict.Reason, "Reconcile", verdict.Message);
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
