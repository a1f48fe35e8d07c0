#!/usr/bin/env bash
# New keys of ten accounts (100) alone, and beside resources that mean harm; then once more right after a restart, since the first lists bring all of them at once: that is when large objects
# cost most memory, and time. BENCH_HOSTILE_KEYS (500). The operator has the memory of its container in the chart, where the machine permits such a limit.
cluster_up
hostile=${BENCH_HOSTILE_KEYS:-$(size 500 30)}
keys=$(size 100 40)
good=(good-alone good-beside good-restarted)
namespaces hostile "${good[@]}"
watched=hostile,good-alone,good-beside,good-restarted
simulator_up --quota-scale 0
limit="as in a container of 256 MiB"
memory_limit 256 || limit="without the limit of a container, which this machine does not permit"
start_operator "$watched"
load classes hostile 10 600000000001
settled
ten=(hostile-{1..10})
alone=$(load create good-alone "$keys" "${ten[@]}")
began=$(now_ms)
load hostile hostile "$hostile" "${ten[@]}" >/dev/null
# The API server needs its time for hundreds of megabytes. What is measured is the operator beside them.
writes_settled
arrived=$(($(now_ms) - began))
beside=$(load create good-beside "$keys" "${ten[@]}")
peak=$(memory VmHWM)
stop_operator
start_operator "$watched"
restarted=$(load create good-restarted "$keys" "${ten[@]}")
restarted_peak=$(memory VmHWM)
stop_operator
memory_limit_off

results_begin
result hostile.time "$hostile" "$(ratio "$beside" "$alone")" "$keys keys: $(seconds "$beside"), alone $(seconds "$alone"); right after a restart $(seconds "$restarted"); they came in $(seconds "$arrived")"
result hostile.memory "$hostile" "$(printf '%s\n' "$peak" "$restarted_peak" | sort -n | tail -1)" "while they came $peak MiB, after a restart $restarted_peak MiB; $limit"
