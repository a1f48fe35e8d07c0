#!/usr/bin/env bash
# With an event queue: from a call of somebody else (DisableKey and PutKeyPolicy in turn) to the operator's call that puts the key right. The simulator sends events at once, which CloudTrail
# does not: its own delay comes on top. BENCH_EVENTS (20) is the number of calls.
cluster_up
changes=${BENCH_EVENTS:-$(size 20 6)}
account=400000000001
namespaces events
simulator_up --quota-scale 0
queue=$(load queue "$simulator" kms-events)
start_operator events --event-queue "$queue" --drift-period 168h
load classes events 1 "$account"
load create events "$changes" events-1 >/dev/null
settled_kms_calls() { # the queue is asked all the time
    local before=-1 now
    until now=$(kms_calls); [[ $now == "$before" ]]; do before=$now; sleep "$(size 3 1)"; done
}
settled_kms_calls
read -r median _ longest < <(load foreign events "$changes" "$account" "$simulator")

results_begin
result events.p50 "$changes" "$median" "$changes calls, one after the other; the event is in the queue at once"
result events.max "$changes" "$longest"
