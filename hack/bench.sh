#!/usr/bin/env bash
# Speed and KMS calls, as ratios within one run: a real API server, the simulator without quotas, the operator in its own process.
# BENCH_KEYS (200) is the number of keys. They are spread over accounts, five each: the operator keeps to its share of KMS's quotas, and
# an account's is five new keys per second. KMS_OPERATOR_BINARY measures another build, for example artifacts/publish/kms-operator.
# Fails when healthy accounts take longer than 1.2 times as long beside an account that is throttled, or that does not answer, and when 100 keys take
# longer than that beside 500 resources that mean harm, or the (native) operator needs more than 256 MiB for those.
# BENCH_SCENES="keys trouble hostile plan" chooses parts of it; plan alone needs no control plane, and where there is no Terraform it says so and compares with nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=hack/simulator.sh
source hack/simulator.sh

keys=${BENCH_KEYS:-200}
healthy_keys=50
limit=1.2
hostile_keys=500
hostile_mib=256
scenes=${BENCH_SCENES:-keys trouble hostile plan}
namespaces=(bench good-alone good-beside good-restarted hostile alone-{ten,one} {throttled,silent}-{ten,one} beside-{throttled,silent}-{ten,one})
dir=$(mktemp -d "${TMPDIR:-/tmp}/kms-operator-bench.XXXXXX")
stop() {
    status=$?
    trap - EXIT
    for pid in ${simulator_pid:-} ${operator_pid:-}; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    hack/cluster.sh down "$dir/cluster"
    if [[ $status -eq 0 ]]; then rm -rf "$dir"; else echo "Failed; logs are in $dir" >&2; fi
}
trap stop EXIT
trap 'exit 130' INT TERM

echo "Building" >&2
for project in src/KmsOperator src/KmsSimulator tests/KmsOperator.Benchmarks; do
    dotnet build "$project" -c Release -v quiet --nologo >"$dir/build.log" || { cat "$dir/build.log" >&2; exit 1; }
done
operator=(dotnet src/KmsOperator/bin/Release/net10.0/kms-operator.dll)
[[ -z ${KMS_OPERATOR_BINARY:-} ]] || operator=("$KMS_OPERATOR_BINARY")
load() { KUBECONFIG=$dir/cluster/admin.kubeconfig dotnet tests/KmsOperator.Benchmarks/bin/Release/net10.0/KmsOperator.Benchmarks.dll "$@"; }

machine="$(nproc) cores, $(awk -F: '/model name/ { print $2; exit }' /proc/cpuinfo | xargs), operator: ${operator[0]##*/}"
report=()
scene() { [[ " $scenes " == *" $1 "* ]]; }
if scene plan; then
    plan_report=$(hack/bench-plan.sh)
    report+=("$plan_report")
    if [[ $scenes == plan ]]; then
        printf '%s\n' "machine: $machine" "$plan_report"
        exit 0
    fi
fi

echo "Starting the control plane and the simulator" >&2
hack/cluster.sh up "$dir/cluster"
assets=$(<"$dir/cluster/assets")
kubectl() { "$assets/kubectl" --kubeconfig "$dir/cluster/admin.kubeconfig" "$@"; }
kubectl apply --validate=false -k config/crds >/dev/null
kubectl apply -k config/rbac >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=60s >/dev/null
start_simulator "$dir/simulator.log" --quota-scale 0 --seed 1

start_operator() {
    KUBECONFIG=$dir/cluster/operator.kubeconfig AWS_ENDPOINT_URL=$simulator AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=bench \
        KMS_OPERATOR_QUOTA_SHARE=1 \
        "${operator[@]}" run --leader-elect=false --health-address 0 --metrics-address 0 --watch-namespaces "$(IFS=,; echo "${namespaces[*]}")" --log-format text >>"$dir/operator.log" 2>&1 &
    operator_pid=$!
}
calls() { curl -fsS "$simulator/_sim/calls"; }
count() { calls | tr ',{}' '\n\n\n' | tr -d '" ' | { grep -E "^($1):" || true; } | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }'; }
kms_writes='Create[A-Za-z]*|Put[A-Za-z]*|Update[A-Za-z]*|Enable[A-Za-z]*|Disable[A-Za-z]*|TagResource|UntagResource|Delete[A-Za-z]*|Schedule[A-Za-z]*|ReplicateKey'
# Writes that the API server took, whoever made them, without leases.
api_writes() { kubectl get --raw /metrics | grep '^apiserver_request_total{' | grep -E 'verb="(POST|PATCH|PUT)"' | grep -v 'resource="leases"' | awk '{ n += $NF } END { print n + 0 }'; }
settled() { # waits until the number of KMS calls stands still for three seconds
    local before=-1 now
    for _ in $(seq 60); do
        now=$(calls)
        [[ $now == "$before" ]] && return
        before=$now
        sleep 3
    done
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

for namespace in bare "${namespaces[@]}"; do kubectl create namespace "$namespace"; done >/dev/null
start_operator
class() { # name, account
    cat <<YAML
apiVersion: kms.servicekey.dev/v1alpha1
kind: KeyClass
metadata: {name: $1}
spec: {region: us-east-1, aliasPrefix: bench, account: {roleArn: "arn:aws:iam::$2:role/kms-operator"}}
---
YAML
}
classes=()
for i in $(seq $(((keys + 4) / 5))); do classes+=("bench-$i"); done
one=(healthy)
ten=(healthy-{1..10})
{
    account=100000000000
    for name in "${classes[@]}" "${one[@]}" "${ten[@]}"; do class "$name" $((++account)); done
    class throttled 200000000001
    class silent 200000000002
} | kubectl apply -f - >/dev/null
kubectl wait --for=condition=Ready keyclass.kms.servicekey.dev --all --timeout=60s >/dev/null
identity_calls=$(count '[A-Za-z]*')

restart_operator() {
    kill "$operator_pid"; wait "$operator_pid" || true
    start_operator
}

if scene keys; then
    echo "Creating $keys keys" >&2
    writes_before=$(api_writes)
    create_ms=$(load create bench "$keys" "${classes[@]}")
    sleep 2 # the last events
    writes=$(($(api_writes) - writes_before))
    create_calls=$(($(count '[A-Za-z]*') - identity_calls))
    new_key_calls=$(calls)

    echo "The same number of bare writes" >&2
    bare_ms=$(load write bare "$writes")

    echo "Comparing all keys with KMS" >&2
    before=$(count '[A-Za-z]*') list_before=$(count ListAliases) writes_kms=$(count "$kms_writes")
    compare_ms=$(load compare bench)
    compare_calls=$(($(count '[A-Za-z]*') - before))
    compare_lists=$(($(count ListAliases) - list_before))
    compare_writes=$(($(count "$kms_writes") - writes_kms))

    echo "Restarting with nothing changed" >&2
    restart_before=$(count '[A-Za-z]*') restart_writes=$(count "$kms_writes")
    restart_operator
    sleep 5
    settled
    restart_writes=$(($(count "$kms_writes") - restart_writes))
    restart_calls=$(($(count '[A-Za-z]*') - restart_before))
    memory=$(awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$operator_pid/status")
    report+=("$keys new keys, all Ready: ${create_ms} ms; the same $writes API-server writes alone: ${bare_ms} ms; ratio $(ratio "$create_ms" "$bare_ms")")
    report+=("API-server writes per new key (resource and events included): $(ratio "$writes" "$keys")")
    report+=("KMS calls per new key until Ready: $(ratio "$create_calls" "$keys"): $new_key_calls")
    report+=("full comparison of $keys unchanged keys: ${compare_ms} ms, $(ratio "$compare_calls" "$keys") KMS calls per key of which ListAliases $(ratio "$compare_lists" "$keys"), $compare_writes KMS writes")
    report+=("restart with nothing changed: $restart_writes KMS writes, $restart_calls KMS calls, operator memory $memory MiB")
fi

if scene trouble; then
    fault() { curl -fsS -o /dev/null -d "{\"operation\": \"*\", \"account\": \"$1\", \"count\": 1000000, $2}" "$simulator/_sim/faults"; }
    healthy() { # namespace, which classes
        local -n of=$2
        load create "$1" "$healthy_keys" "${of[@]}"
    }
    beside() { # which class, which classes
        load add "$1-$2" "$healthy_keys" "$1" >/dev/null
        # What is measured is the workers' time, not the API server's for the first status of the others. Without an answer there is none.
        [[ $1 == silent ]] || kubectl wait --for=condition=Ready=False servicekeys.kms.servicekey.dev --all -n "$1-$2" --timeout=180s >/dev/null
        healthy "beside-$1-$2" "$2"
    }
    echo "$healthy_keys keys of healthy accounts: alone, beside an account that is throttled, beside one that does not answer" >&2
    alone_ten=$(healthy alone-ten ten) alone_one=$(healthy alone-one one)
    fault 200000000001 '"kind": "throttle"'
    throttled_ten=$(beside throttled ten) throttled_one=$(beside throttled one)
    fault 200000000002 '"kind": "delay", "delayMs": 60000'
    silent_ten=$(beside silent ten) silent_one=$(beside silent one)
    report+=("$healthy_keys new keys of ten healthy accounts: alone ${alone_ten} ms; beside $healthy_keys of an account in which every call is throttled ${throttled_ten} ms, ratio $(ratio "$throttled_ten" "$alone_ten"); in which none is answered ${silent_ten} ms, ratio $(ratio "$silent_ten" "$alone_ten")")
    report+=("$healthy_keys new keys of one healthy account, of which KMS takes 5 per second: alone ${alone_one} ms; beside the throttled one ${throttled_one} ms, ratio $(ratio "$throttled_one" "$alone_one"); beside the silent one ${silent_one} ms, ratio $(ratio "$silent_one" "$alone_one")")
    for pair in "ten healthy accounts:a throttled one:$throttled_ten:$alone_ten" "one healthy account:a throttled one:$throttled_one:$alone_one" \
        "ten healthy accounts:one that does not answer:$silent_ten:$alone_ten" "one healthy account:one that does not answer:$silent_one:$alone_one"; do
        IFS=: read -r whose trouble beside alone <<<"$pair"
        if awk -v a="$beside" -v b="$alone" -v limit="$limit" 'BEGIN { exit !(a > b * limit) }'; then
            echo "The keys of $whose took $(ratio "$beside" "$alone") times as long beside $trouble; docs/promises/throttling.md promises at most $limit." >&2
            failed=1
        fi
    done
fi

if scene hostile; then
    peak_memory() { awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$operator_pid/status"; }
    echo "100 keys alone" >&2
    good_alone=$(load create good-alone 100 "${ten[@]}")
    echo "100 keys beside $hostile_keys resources that mean harm" >&2
    load hostile hostile "$hostile_keys" "$dir/hostile" "${ten[@]}"
    kubectl create --validate=false -f "$dir/hostile" >/dev/null
    good_beside=$(load create good-beside 100 "${ten[@]}")
    # The first lists bring all of them at once: that is when large objects cost most memory, and time.
    echo "100 keys after a restart beside them" >&2
    restart_operator
    good_restarted=$(load create good-restarted 100 "${ten[@]}")
    memory_beside=$(peak_memory)
    report+=("100 new keys of ten accounts: alone ${good_alone} ms; beside $hostile_keys resources that mean harm ${good_beside} ms, ratio $(ratio "$good_beside" "$good_alone"); right after a restart beside them ${good_restarted} ms, operator's peak memory $memory_beside MiB")
    if awk -v a="$good_beside" -v b="$good_alone" -v limit="$limit" 'BEGIN { exit !(a > b * limit) }'; then
        echo "100 keys took $(ratio "$good_beside" "$good_alone") times as long beside $hostile_keys resources that mean harm; docs/promises/throttling.md promises at most $limit." >&2
        failed=1
    fi
    if [[ -n ${KMS_OPERATOR_BINARY:-} && $memory_beside -gt $hostile_mib ]]; then
        echo "The operator needed $memory_beside MiB beside $hostile_keys resources that mean harm; the chart gives it $hostile_mib MiB." >&2
        failed=1
    fi
fi

echo "machine: $machine, API server $(kubectl version --short 2>/dev/null | awk '/Server/ { print $3 }')"
printf '%s\n' "${report[@]}"
[[ -z ${failed:-} ]]
