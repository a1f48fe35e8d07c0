#!/usr/bin/env bash
# The three scenarios, end to end: a real API server, simulated KMS, the operator in its own process.
# DEMO_KEEP=1 leaves everything running and says how to use it.
set -euo pipefail
cd "$(dirname "$0")/.."

keep=${DEMO_KEEP:-}
dir=$(mktemp -d "${TMPDIR:-/tmp}/kms-operator-demo.XXXXXX")
started=$SECONDS
say() { printf '\n\033[1m== [%3ds] %s\033[0m\n' "$((SECONDS - started))" "$*"; }

stop() {
    local status=$?
    trap - EXIT
    if [[ $status -eq 0 && -n $keep ]]; then
        say "Left running, as DEMO_KEEP asks"
        cat <<TEXT
  export KUBECONFIG=$dir/cluster/admin.kubeconfig
  export PATH=$assets:\$PATH
  kubectl get servicekeys,keyreplicas -A
  curl -s $simulator/_sim/keys        # what KMS holds
  export AWS_ENDPOINT_URL=$simulator AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1
  aws kms list-aliases                # where the AWS CLI is installed
Logs are in $dir. Stop it all with:
  kill ${operator_pid:-} ${simulator_pid:-}; $PWD/hack/cluster.sh down $dir/cluster; rm -rf $dir
TEXT
        return
    fi
    for pid in ${operator_pid:-} ${simulator_pid:-}; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    hack/cluster.sh down "$dir/cluster"
    if [[ $status -eq 0 ]]; then
        rm -rf "$dir"
        say "Done; everything that was started has been stopped"
    else
        echo "The demo failed; logs are in $dir:" >&2
        tail -n 15 "$dir"/operator.log "$dir"/simulator.log >&2 2>/dev/null || true
    fi
}
trap stop EXIT
# Ctrl-C must stop what was started as well.
trap 'exit 130' INT
trap 'exit 143' TERM

say "Building the operator and the KMS simulator"
dotnet build src/KmsOperator -c Release -v quiet --nologo
dotnet build src/KmsSimulator -c Release -v quiet --nologo

say "Starting etcd and kube-apiserver (the first time they are fetched or built, which takes minutes)"
hack/cluster.sh up "$dir/cluster"
assets=$(<"$dir/cluster/assets")
kubectl() { "$assets/kubectl" --kubeconfig "$dir/cluster/admin.kubeconfig" "$@"; }
kubectl version --short 2>/dev/null || kubectl version

say "Starting the KMS simulator"
dotnet src/KmsSimulator/bin/Release/net10.0/kms-simulator.dll --port 0 --seed 1 >"$dir/simulator.log" 2>&1 &
simulator_pid=$!
for _ in $(seq 150); do
    simulator=$(grep -om1 'http://127.0.0.1:[0-9]*' "$dir/simulator.log" || true)
    [[ -n $simulator ]] && break
    kill -0 "$simulator_pid" || exit 1
    sleep 0.2
done
[[ -n $simulator ]] || { echo "The simulator did not start." >&2; exit 1; }
echo "KMS and STS at $simulator"

say "Installing CRDs and the operator's roles"
# Server-side: kubectl's own validation does not know the rules that newer servers evaluate.
kubectl apply --server-side -f config/crds -f config/rbac
kubectl wait --for=condition=Established crd --all --timeout=60s >/dev/null

say "Starting the operator, in its own process, under its own account"
KUBECONFIG=$dir/cluster/operator.kubeconfig AWS_ENDPOINT_URL=$simulator AWS_REGION=us-east-1 \
    AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo \
    dotnet src/KmsOperator/bin/Release/net10.0/kms-operator.dll run --health-address 0 --log-format text \
    >"$dir/operator.log" 2>&1 &
operator_pid=$!

say "Applying the three scenarios of examples/"
for scenario in examples/scenario-*; do
    echo "-- $scenario"
    kubectl apply --server-side -f "$scenario"
done

say "Waiting until every resource is Ready"
namespaces=$(kubectl get servicekeys -A -o jsonpath='{range .items[*]}{.metadata.namespace}{"\n"}{end}' | sort -u)
for namespace in $namespaces; do
    kubectl wait --for=condition=Ready servicekeys --all -n "$namespace" --timeout=180s
done
for namespace in $namespaces; do
    if [[ -n $(kubectl get keyreplicas -n "$namespace" -o name) ]]; then
        kubectl wait --for=condition=Ready keyreplicas --all -n "$namespace" --timeout=180s
    fi
done
kubectl get keyclasses
kubectl get servicekeys,keyreplicas -A

say "One key policy, as KMS holds it"
first=$(kubectl get servicekeys -A -o jsonpath='{.items[0].metadata.namespace} {.items[0].metadata.name} {.items[0].status.keyId}')
read -r namespace name key_id <<<"$first"
echo "-- ServiceKey $namespace/$name, key $key_id"
curl -fsS "$simulator/_sim/keys" | dotnet src/KmsOperator/bin/Release/net10.0/kms-operator.dll render -f examples/scenario-1-all-services --account 123456789012 -o yaml 2>/dev/null | head -40

say "Changing a tag and the policy, and watching them arrive"
kubectl patch servicekey "$name" -n "$namespace" --type merge -p '{"spec":{"tags":{"demo":"changed"},"access":{"users":["DemoUser"]}}}'
arrived=
for _ in $(seq 150); do
    keys=$(curl -fsS "$simulator/_sim/keys")
    if grep -q '"demo": *"changed"' <<<"$keys" && grep -q 'role/DemoUser' <<<"$keys"; then
        arrived=1
        break
    fi
    sleep 0.2
done
[[ -n $arrived ]] || { echo "The change did not arrive in KMS." >&2; exit 1; }
echo "KMS has the tag demo=changed and a statement for role/DemoUser."
kubectl wait --for=condition=Ready servicekey "$name" -n "$namespace" --timeout=60s
kubectl get events -n "$namespace" --field-selector "involvedObject.name=$name" 2>/dev/null || true

if [[ -n $keep ]]; then
    exit 0
fi

say "Deleting everything"
for scenario in examples/scenario-*; do
    kubectl delete -f "$scenario" --wait=false
done
for namespace in $namespaces; do
    kubectl wait --for=delete servicekeys --all -n "$namespace" --timeout=120s 2>/dev/null || true
done
kubectl get servicekeys,keyreplicas -A
curl -fsS "$simulator/_sim/calls"
echo
