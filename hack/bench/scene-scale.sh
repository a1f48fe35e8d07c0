#!/usr/bin/env bash
# New keys, KMS's quotas off, for each number of keys of BENCH_SCALE (100 1000 10000): time beside that of the same API-server writes alone, KMS calls, CPU, memory after a restart.
# Then, with the last of them, a restart with nothing changed, CPU with nothing to do, a crash of the API server, after which the operator lists all of them again (not with BENCH_SMALL),
# and changes of one key among all.
# Each number of keys has a namespace, a simulator and an operator of its own. BENCH_KEYS_PER_ACCOUNT (20), BENCH_IDLE_SECONDS (60), BENCH_CHANGES (100).
cluster_up
sizes=${BENCH_SCALE:-$(size '100 1000 10000' '20 60')}
per_account=${BENCH_KEYS_PER_ACCOUNT:-20}
idle_seconds=${BENCH_IDLE_SECONDS:-$(size 60 5)}
changes=${BENCH_CHANGES:-$(size 100 20)}
# KMS takes so many new keys of an account per second, and as many at once after a pause. The operator keeps to that also where the simulator does not.
new_keys_per_second=5
figures=()

create_keys() { # keys namespace
    local keys=$1 namespace=$2 accounts calls_before writes_before cpu_before took writes quota_ms
    accounts=$(((keys + per_account - 1) / per_account))
    echo "$keys new keys in $accounts accounts" >&2
    namespaces "$namespace" "bare-$namespace"
    simulator_up --quota-scale 0
    start_operator "$namespace"
    until_ready
    sleep "$(size 10 1)"
    local empty
    empty=$(memory)
    load classes scale "$accounts" 100000000001
    settled
    calls_before=$(kms_calls) writes_before=$(api_writes) cpu_before=$(cpu_ms)
    local classes=()
    for i in $(seq "$accounts"); do classes+=("scale-$i"); done
    took=$(load create "$namespace" "$keys" "${classes[@]}")
    sleep 2 # the last events
    local calls_each writes_each cpu_each bare
    calls_each=$(ratio $(($(kms_calls) - calls_before)) "$keys")
    writes=$(($(api_writes) - writes_before))
    writes_each=$(ratio "$writes" "$keys")
    cpu_each=$(ratio $(($(cpu_ms) - cpu_before)) "$keys")
    local by_operation
    by_operation=$(calls | tr -d '\n{}" ' | sed 's/,/, /g; s/:/ /g')
    echo "The same writes without an operator" >&2
    bare=$(load write "$namespace" "bare-$namespace" "$keys")
    quota_ms=$((per_account > new_keys_per_second ? (per_account - new_keys_per_second) * 1000 / new_keys_per_second : 0))
    figures+=(
        "scale.ms $keys $(ratio "$took" "$keys")"
        "scale.bare-ms $keys $(ratio "$bare" "$keys")"
        "scale.quota-ms $keys $(ratio "$quota_ms" "$keys")"
        "scale.cpu $keys $cpu_each"
        "scale.empty-memory $keys $empty"
        "scale.rate $keys $(ratio "$bare" "$took") $(seconds "$took"), the writes alone $(seconds "$bare")"
        "scale.calls $keys $calls_each $by_operation"
        "scale.writes $keys $writes_each $writes in all"
    )
}

restart() { # keys namespace
    local keys=$1 namespace=$2 calls_before writes_before began ready url
    echo "A restart with $keys unchanged keys" >&2
    settled
    stop_operator
    calls_before=$(kms_calls) writes_before=$(api_writes)
    began=$(now_ms)
    start_operator "$namespace"
    until_ready
    ready=$(($(now_ms) - began))
    url=$(operator_url metrics)
    until [[ $(curl -fsS "$url" | awk '/^controller_runtime_reconcile_total\{.*controller="servicekey"/ { n += $NF } END { print n + 0 }') -ge $keys ]]; do
        kill -0 "$operator_pid"
        sleep 0.1
    done
    local reconciled=$(($(now_ms) - began))
    settled
    sleep "$(size 10 3)"
    local resident
    resident=$(memory)
    figures+=(
        "scale.memory $keys $resident"
        "restart.ready $keys $(ratio "$ready" 1000)"
        "restart.reconciled $keys $(ratio "$reconciled" 1000)"
        "restart.calls $keys $(($(kms_calls) - calls_before)) without STS"
        "restart.writes $keys $(($(api_writes) - writes_before))"
        "restart.memory $keys $resident \`VmRSS\`, the highest $(memory VmHWM) MiB"
    )
}

idle() { # keys
    echo "Nothing to do for $idle_seconds seconds" >&2
    local before
    before=$(cpu_ms)
    sleep "$idle_seconds"
    figures+=("idle.cpu $1 $(ratio $((($(cpu_ms) - before) / 10)) "$idle_seconds") for $idle_seconds s")
}

change_keys() { # keys namespace
    echo "$changes changes among $1 keys" >&2
    local median slow longest
    read -r median slow longest < <(load changes "$2" "$1" "$changes" "$simulator")
    figures+=(
        "change.p50 $1 $median $changes descriptions, one after the other"
        "change.p99 $1 $slow the longest $longest ms"
    )
}

crash_of_the_api_server() { # keys namespace
    local keys=$1 namespace=$2 calls_before cpu_before resident
    echo "A crash of the API server with $keys unchanged keys" >&2
    settled
    calls_before=$(kms_calls) cpu_before=$(cpu_ms) resident=$(memory)
    reset_peak
    restart_api_server
    # One by one the reflectors notice, wait, list, and watch.
    sleep 40
    figures+=(
        "reconnect.calls $keys $(($(kms_calls) - calls_before))"
        "reconnect.cpu $keys $(ratio $(($(cpu_ms) - cpu_before)) 1000)"
        "reconnect.memory $keys $(memory VmHWM) \`VmRSS\` before $resident MiB, after $(memory) MiB"
    )
}

for keys in $sizes; do
    create_keys "$keys" "scale-$keys"
    restart "$keys" "scale-$keys"
done
idle "$keys"
[[ -n ${BENCH_SMALL:-} ]] || crash_of_the_api_server "$keys" "scale-$keys"
change_keys "$keys" "scale-$keys"

results_begin
write_figures
