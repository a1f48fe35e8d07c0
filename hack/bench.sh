#!/usr/bin/env bash
# Speed and KMS calls, as ratios within one run: a real API server, the simulator without quotas, the operator in its own process.
# BENCH_KEYS (200) is the number of keys. KMS_OPERATOR_BINARY measures another build, for example artifacts/publish/kms-operator.
set -euo pipefail
cd "$(dirname "$0")/.."

keys=${BENCH_KEYS:-200}
dir=$(mktemp -d "${TMPDIR:-/tmp}/kms-operator-bench.XXXXXX")
stop() {
    status=$?
    trap - EXIT
    for pid in ${operator_pid:-} ${simulator_pid:-}; do
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

echo "Starting the control plane and the simulator" >&2
hack/cluster.sh up "$dir/cluster"
assets=$(<"$dir/cluster/assets")
kubectl() { "$assets/kubectl" --kubeconfig "$dir/cluster/admin.kubeconfig" "$@"; }
kubectl apply --validate=false -k config/crds >/dev/null
kubectl apply -k config/rbac >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=60s >/dev/null
dotnet src/KmsSimulator/bin/Release/net10.0/kms-simulator.dll --port 0 --quota-scale 0 --seed 1 >"$dir/simulator.log" 2>&1 &
simulator_pid=$!
for _ in $(seq 150); do
    simulator=$(grep -om1 'http://127.0.0.1:[0-9]*' "$dir/simulator.log" || true)
    [[ -n $simulator ]] && break
    sleep 0.2
done

start_operator() {
    KUBECONFIG=$dir/cluster/operator.kubeconfig AWS_ENDPOINT_URL=$simulator AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=bench \
        "${operator[@]}" run --leader-elect=false --health-address 0 --watch-namespaces bench --log-format text >>"$dir/operator.log" 2>&1 &
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

kubectl create namespace bench >/dev/null
kubectl create namespace bare >/dev/null
start_operator
kubectl apply -f - >/dev/null <<YAML
apiVersion: kms.servicekey.dev/v1alpha1
kind: KeyClass
metadata: {name: bench}
spec: {region: us-east-1, aliasPrefix: bench}
YAML
kubectl wait --for=condition=Ready keyclass.kms.servicekey.dev/bench --timeout=30s >/dev/null

echo "Creating $keys keys" >&2
writes_before=$(api_writes)
create_ms=$(load create bench "$keys")
sleep 2 # the last events
writes=$(($(api_writes) - writes_before))
create_calls=$(count '[A-Za-z]*')
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
kill "$operator_pid"; wait "$operator_pid" || true
restart_before=$(count '[A-Za-z]*') restart_writes=$(count "$kms_writes")
start_operator
sleep 5
settled
memory=$(awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$operator_pid/status")

cat <<TEXT
machine: $(nproc) cores, $(awk -F: '/model name/ { print $2; exit }' /proc/cpuinfo | xargs), API server $(kubectl version --short 2>/dev/null | awk '/Server/ { print $3 }'), operator: ${operator[0]##*/}
$keys new keys, all Ready: ${create_ms} ms; the same $writes API-server writes alone: ${bare_ms} ms; ratio $(ratio "$create_ms" "$bare_ms")
API-server writes per new key (resource and events included): $(ratio "$writes" "$keys")
KMS calls per new key until Ready: $(ratio "$create_calls" "$keys"): $new_key_calls
full comparison of $keys unchanged keys: ${compare_ms} ms, $(ratio "$compare_calls" "$keys") KMS calls per key of which ListAliases $(ratio "$compare_lists" "$keys"), $compare_writes KMS writes
restart with nothing changed: $(($(count "$kms_writes") - restart_writes)) KMS writes, $(($(count '[A-Za-z]*') - restart_before)) KMS calls, operator memory $memory MiB
TEXT
