using System.Diagnostics.Metrics;
using KmsOperator.Api;
using KmsOperator.Keys.Rotate;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Observability.Metrics;

/// <summary>The operator's own metrics; controllers, clients and the rate limiter have theirs on the same meter. See docs/metrics.md.</summary>
internal sealed class OperatorMetrics
{
    private static readonly string[] Types = [ConditionTypes.Ready, ConditionTypes.Reconciling, ConditionTypes.Stalled];
    private static readonly string[] Statuses = ["True", "False", "Unknown"];

    private readonly Counter<long> _corrections;

    /// <param name="meter">Where they are.</param>
    /// <param name="version">The operator's version.</param>
    public OperatorMetrics(Meter meter, string version)
    {
        Meter = meter;
        _corrections = meter.CreateCounter<long>(
            "kmsoperator_drift_corrections_total", null, "What somebody else had changed in KMS and was put right, by field.");
        foreach (var field in Enum.GetValues<DriftField>())
        {
            // A series that starts with its first value hides it from rate().
            _corrections.Add(0, Label(field));
        }

        meter.CreateObservableGauge(
            "kmsoperator_build_info", () => new Measurement<int>(1, new KeyValuePair<string, object?>("version", version)), null, "1, with the version that runs.");
    }

    /// <summary>Where all of the operator's instruments are.</summary>
    public Meter Meter { get; }

    /// <summary>Counts over what the stores hold, made when they are asked for.</summary>
    public void Observe(IResourceStore<KeyClass> classes, IResourceStore<ServiceKey> keys, IResourceStore<KeyReplica> replicas)
    {
        IEnumerable<IKeyResource> All() => [.. keys.List(), .. replicas.List()];
        Meter.CreateObservableGauge(
            "kmsoperator_resource_condition",
            () => Conditions(KeyClass.KindName, classes.List().Select(one => one.Status?.Conditions))
                .Concat(Conditions(ServiceKey.KindName, keys.List().Select(one => one.Status?.Conditions)))
                .Concat(Conditions(KeyReplica.KindName, replicas.List().Select(one => one.Status?.Conditions))),
            null,
            "Resources whose condition of this type has this status.");
        Meter.CreateObservableGauge(
            "kmsoperator_keys_pending_deletion",
            () => All().Count(one => one.Status?.KeyState is { } state && KeyStates.IsPendingDeletion(state)),
            null,
            "Resources that exist and whose key KMS will delete.");
        Meter.CreateObservableGauge(
            "kmsoperator_keys_with_few_rotations_left",
            () => All().Count(one => KeyRotation.HasFewLeft(one.Status)),
            null,
            "Resources whose key has five or fewer of its 25 rotations on demand left.");
        Meter.CreateObservableGauge(
            "kmsoperator_undecided_creations",
            () => All().Count(one => CreateAttempt.Of(one) is not null),
            null,
            "Resources for which it is open whether a call made a key.");
    }

    /// <summary>Somebody else's change was put right by this step.</summary>
    public void Corrected(KeyStep step) => _corrections.Add(1, Label(step.Field));

    private static KeyValuePair<string, object?> Label(DriftField field) => new("field", field.ToString().ToLowerInvariant());

    private static IEnumerable<Measurement<int>> Conditions(string kind, IEnumerable<IReadOnlyList<Condition>?> resources)
    {
        var counts = new Dictionary<(string Type, string Status), int>();
        foreach (var condition in resources.SelectMany(conditions => conditions ?? []))
        {
            counts[(condition.Type, condition.Status)] = counts.GetValueOrDefault((condition.Type, condition.Status)) + 1;
        }

        return
            from type in Types
            from status in Statuses
            select new Measurement<int>(
                counts.GetValueOrDefault((type, status)),
                new KeyValuePair<string, object?>("kind", kind),
                new KeyValuePair<string, object?>("type", type),
                new KeyValuePair<string, object?>("status", status));
    }
}
