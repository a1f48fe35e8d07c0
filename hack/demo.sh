#!/usr/bin/env bash
# The three scenarios, end to end: a real API server, simulated KMS, the operator in its own process.
# DEMO_KEEP=1 leaves everything running and says how to use it.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=hack/simulator.sh
source hack/simulator.sh

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

operator=(dotnet src/KmsOperator/bin/Release/net10.0/kms-operator.dll)

say "Starting etcd and kube-apiserver (the first time they are fetched or built, which takes minutes)"
hack/cluster.sh up "$dir/cluster"
assets=$(<"$dir/cluster/assets")
kubectl() { "$assets/kubectl" --kubeconfig "$dir/cluster/admin.kubeconfig" "$@"; }
kubectl version --short 2>/dev/null || kubectl version

say "Starting the KMS simulator"
start_simulator "$dir/simulator.log" --seed 1
echo "KMS and STS at $simulator"

say "Installing CRDs and the operator's roles"
# Servers before 1.25 do not know the CRDs' CEL rules and drop them; kubectl must not refuse to send them.
kubectl apply --validate=false -k config/crds
kubectl apply -k config/rbac
kubectl wait --for=condition=Established crd --all --timeout=60s >/dev/null

say "Starting the operator, in its own process, under its own account"
KUBECONFIG=$dir/cluster/operator.kubeconfig AWS_ENDPOINT_URL=$simulator AWS_REGION=us-east-1 \
    AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo \
    "${operator[@]}" run --health-address 0 --metrics-address 0 --log-format text \
    >"$dir/operator.log" 2>&1 &
operator_pid=$!

say "Applying the three scenarios of examples/"
for scenario in examples/scenario-*; do
    echo "-- $scenario"
    kubectl apply --server-side -f "$scenario"
done

say "Waiting until every resource is Ready"
# Fails at once when the operator ends, and shows progress, which kubectl wait does not.
for second in $(seq 180); do
    kill -0 "$operator_pid" 2>/dev/null || { echo "The operator has ended." >&2; exit 1; }
    ready=$(kubectl get keyclasses,servicekeys,keyreplicas -A -o jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' | grep -c True || true)
    total=$(kubectl get keyclasses,servicekeys,keyreplicas -A -o name | wc -l)
    echo "$ready of $total Ready"
    # The replicas are made by the operator, once their primary exists.
    [[ $ready -eq 25 && $total -eq 25 ]] && break
    [[ $second -lt 180 ]] || exit 1
    sleep 1
done
kubectl get keyclasses
kubectl get servicekeys,keyreplicas -A

say "The key policy of scenario 3, as the operator renders it"
"${operator[@]}" render -f examples/scenario-1-all-services/key-class.yaml -f examples/scenario-3-cross-account \
    --account 123456789012 -o yaml | sed -n '/policy:/,$p'

# The full name, since "servicekeys" alone is also the category of all three kinds.
read -r namespace name < <(kubectl get servicekeys.kms.servicekey.dev -A -o jsonpath='{.items[0].metadata.namespace} {.items[0].metadata.name}{"\n"}')
say "Changing a tag and the policy of ServiceKey $namespace/$name, and watching them arrive in KMS"
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
kubectl get events.events.k8s.io -n "$namespace" --field-selector "regarding.name=$name" 2>/dev/null || true

if [[ -n $keep ]]; then
    exit 0
fi

say "Deleting everything; with deletionPolicy Retain, the default, KMS keeps the keys"
for scenario in examples/scenario-3* examples/scenario-2* examples/scenario-1*; do
    kubectl delete -f "$scenario" --timeout=120s
done
echo "Left in the cluster: $(kubectl get servicekeys,keyreplicas -A -o name | wc -l) resources"
say "KMS calls that were made"
curl -fsS "$simulator/_sim/calls"
