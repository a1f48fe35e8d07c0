#!/usr/bin/env bash
# New keys of one account at KMS's own quotas: the time over the least that the quota of CreateKey allows, 5 per second. BENCH_QUOTA_KEYS (1000).
cluster_up
keys=${BENCH_QUOTA_KEYS:-$(size 1000 20)}
least_ms=$((keys * 1000 / 5))
namespaces quota
simulator_up --quota-scale 1
start_operator quota
load classes quota 1 300000000001
settled
took=$(load create quota "$keys" quota-1)
details=$(curl -fsS "$simulator/_sim/calls?detail=1")
throttled=$(grep -c '"outcome": "Throttl' <<<"$details" || true)
all=$(grep -c '"outcome":' <<<"$details")

results_begin
result quota.time "$keys" "$(ratio "$took" "$least_ms")" "$(seconds "$took"), the least is $(seconds "$least_ms")"
result quota.throttled "$keys" "$(ratio $((throttled * 100)) "$all")" "$throttled of $all calls"
