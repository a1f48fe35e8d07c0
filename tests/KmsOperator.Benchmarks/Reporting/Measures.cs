namespace KmsOperator.Benchmarks.Reporting;

/// <summary>
/// All that the bench measures, in the order of the table, with the targets. This is the one place that says which of them are promised: set <c>Promised</c> when a run on a quiet machine
/// has shown the figure.
/// </summary>
internal static class Measures
{
    public static IReadOnlyList<Measure> All { get; } =
    [
        new("start.first-list", "start of the process to its first list", "0", " ms", new(150, NativeOnly: true)),
        new("start.memory", "memory without keys, probes and metrics on and read", "0.0", " MiB", new(45, NativeOnly: true)),
        new("scale.rate", "rate of {0} new keys, of that of the same writes without an operator", "0.00", "", new(0.70, AtLeast: true, FromSize: 1000)),
        new("scale.calls", "KMS calls for each of {0} new keys", "0.00", "", new(3.05)),
        new("scale.writes", "API-server writes for each of {0} new keys, the resource and the event included", "0.00", "", new(4.05, Promised: true)),
        new(Growth.Time, "time for each new key, most over least up to {0} keys", "0.00", " ×", new(1.10, FromSize: 10_000)),
        new(Growth.Calls, "KMS calls for each new key, most over least up to {0} keys", "0.00", " ×", new(1.10)),
        new(Growth.Memory, "memory for each key, most over least up to {0} keys", "0.00", " ×", new(1.10, FromSize: 10_000, NativeOnly: true)),
        new("restart.ready", "restart with {0} unchanged keys until `/readyz` says ok", "0.0", " s", new(5)),
        new("restart.reconciled", "the same until all keys have been looked at", "0.0", " s"),
        new("restart.calls", "KMS calls of that restart", "0", "", new(0, Promised: true)),
        new("restart.writes", "API-server writes of that restart", "0", "", new(0, Promised: true)),
        new("restart.memory", "memory with {0} keys, after that restart", "0.0", " MiB", new(90, NativeOnly: true)),
        new("idle.cpu", "CPU with {0} keys and nothing to do", "0.00", " % of a core", new(0.5)),
        new("reconnect.calls", "KMS calls after a crash of the API server with {0} unchanged keys", "0", "", new(0, Promised: true)),
        new("reconnect.cpu", "CPU of the lists after it", "0.0", " s"),
        new("reconnect.memory", "memory during them, the highest", "0.0", " MiB"),
        new("change.p50", "one change among {0} keys: API server's answer to KMS call, median", "0.0", " ms", new(20)),
        new("change.p99", "the same, 99th percentile", "0.0", " ms", new(100)),
        new("compare.calls", "KMS calls of a comparison that is asked for, for each of {0} keys", "0.00"),
        new("compare.reads", "the same without `ListAliases` and what only a comparison that is asked for reads", "0.00", "", new(4)),
        new("compare.lists", "`ListAliases` of that comparison, for each account", "0.00", "", new(1)),
        new("compare.time", "time of that comparison", "0.0", " s"),
        new("quota.time", "{0} new keys of one account at KMS's own quotas, over the least time that the quota of `CreateKey` allows", "0.000", " ×", new(1.05, FromSize: 1000)),
        new("quota.throttled", "calls of these that KMS throttled", "0.00", " %", new(1)),
        new("events.p50", "somebody else's change until the operator's call that puts it right, with an event queue, median", "0", " ms", new(5000)),
        new("events.max", "the same, longest", "0", " ms", new(5000)),
        new("trouble.throttled-ten", "keys of ten healthy accounts beside a throttled one, over alone", "0.00", " ×", new(1.2, Promised: true, FromSize: 50)),
        new("trouble.throttled-one", "keys of one healthy account beside a throttled one, over alone", "0.00", " ×", new(1.2, Promised: true, FromSize: 50)),
        new("trouble.silent-ten", "keys of ten healthy accounts beside one that does not answer, over alone", "0.00", " ×", new(1.2, Promised: true, FromSize: 50)),
        new("trouble.silent-one", "keys of one healthy account beside one that does not answer, over alone", "0.00", " ×", new(1.2, Promised: true, FromSize: 50)),
        new("hostile.time", "new keys beside {0} resources that mean harm, over alone", "0.00", " ×", new(1.2, Promised: true, FromSize: 500)),
        new("hostile.memory", "peak memory beside {0} resources that mean harm, a restart included", "0", " MiB", new(256, Promised: true, NativeOnly: true)),
        new("terraform.time", "{0} new keys, one for each service: `kubectl apply` until all are Ready, over `terraform apply` of the same", "0.00", " ×"),
        new("terraform.calls", "KMS calls for each of them", "0.00"),
        new("terraform.again", "comparison of these {0} keys that is asked for, with nothing changed, over `terraform plan`", "0.00", " ×"),
        new("terraform.again-calls", "KMS calls for each of them", "0.00"),
        new("plan.time", "`kms-operator plan` of {0} unchanged keys, over `terraform plan`", "0.00", " ×"),
        new("plan.cpu", "the same, CPU", "0.00", " ×"),
    ];
}
