#!/usr/bin/env bash
# The time of `kms-operator plan` beside that of `terraform plan`, of the same unchanged keys on the same simulator, which both would have made alike:
# with the operator's policies, and the tags of its resources. hack/bench/scene-plan.sh calls it when all is built. Prints "ratios KEYS CLOCK CPU" and what was measured, or why there is nothing to compare with.
# BENCH_KEYS (200) is the number of keys; BENCH_PLAN_SECONDS (170) how long all of it may take: as many runs of both as fit, three at most. CPU time counts on a machine with other work.
# Where the provider cannot be fetched, TF_CLI_ARGS_init=-plugin-dir=… says where it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=hack/simulator.sh
source hack/simulator.sh

keys=${BENCH_KEYS:-200}
deadline=$((SECONDS + ${BENCH_PLAN_SECONDS:-170}))
runs=3
dir=$(mktemp -d "${TMPDIR:-/tmp}/kms-operator-bench-plan.XXXXXX")
stop() {
    [[ -z ${simulator_pid:-} ]] || { kill "$simulator_pid" 2>/dev/null || true; wait "$simulator_pid" 2>/dev/null || true; }
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

skip() { echo "plan beside terraform plan: skipped, $1"; exit 0; }
in_time() { timeout "$((deadline > SECONDS ? deadline - SECONDS : 1))" "$@"; }
command -v terraform >/dev/null || skip "there is no terraform"

operator=(dotnet src/KmsOperator/bin/Release/net10.0/kms-operator.dll)
[[ -z ${KMS_OPERATOR_BINARY:-} ]] || operator=("$KMS_OPERATOR_BINARY")

cp hack/bench/terraform/main.tf "$dir"
in_time terraform -chdir="$dir" init -no-color -input=false >"$dir/init.log" 2>&1 || skip "terraform init failed: $(grep -m1 -E '^[│ ]*Error:' "$dir/init.log" | sed 's/^[│ ]*//' || true)"

{
    cat <<'YAML'
apiVersion: kms.servicekey.dev/v1alpha1
kind: KeyClass
metadata: {name: bench}
spec: {region: us-east-1, aliasPrefix: bench, aliasTemplate: "{prefix}/{name}", access: {administrators: [Admin], users: [App]}}
YAML
    for i in $(seq "$keys"); do
        printf -- '---\napiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata: {name: key-%d, namespace: bench}\nspec: {className: bench, service: sqs}\n' "$i"
    done
} >"$dir/keys.yaml"
"${operator[@]}" render -f "$dir/keys.yaml" --account 123456789012 -o json >"$dir/keys.json"

start_simulator "$dir/simulator.log" --quota-scale 0 --seed 1
echo "Making $keys keys" >&2
dotnet tests/KmsOperator.Benchmarks/bin/Release/net10.0/KmsOperator.Benchmarks.dll terraform "$simulator" "$dir/keys.json" bench "$dir/terraform.tfstate"

terraform_plan() { in_time terraform -chdir="$dir" plan -detailed-exitcode -no-color -input=false -var="url=$simulator"; }
operator_plan() {
    AWS_ENDPOINT_URL=$simulator AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any in_time "${operator[@]}" plan -f "$dir/keys.yaml" --offline --cluster-id bench
}
calls() { curl -fsS "$simulator/_sim/calls" | tr ',{}' '\n\n\n' | grep -oE '[0-9]+$' | awk '{ n += $1 } END { print n + 0 }'; }
# Runs a plan that must find nothing to do; sets seconds and cpu. Fails when there was no time for it.
measure() {
    local code=0
    TIMEFORMAT='%R %U %S'
    { time "$1" >"$dir/plan.log" 2>&1; } 2>"$dir/time" || code=$?
    [[ $code -ne 124 ]] || return 1
    [[ $code -eq 0 ]] || { echo "$1 does not say that nothing is to be done ($code):" >&2; tail -30 "$dir/plan.log" >&2; exit 1; }
    read -r seconds cpu < <(awk '{ print $1, $2 + $3 }' "$dir/time")
}
middle() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

echo "Planning" >&2
finished=0
while [[ $finished -lt $runs ]]; do
    before=$(calls)
    measure terraform_plan || break
    theirs="$seconds $cpu" between=$(calls)
    measure operator_plan || break
    echo "${theirs% *}" >>"$dir/theirs" && echo "${theirs#* }" >>"$dir/theirs-cpu" && echo "$seconds" >>"$dir/ours" && echo "$cpu" >>"$dir/ours-cpu"
    terraform_calls=$((between - before)) operator_calls=$(($(calls) - between))
    finished=$((finished + 1))
done
[[ $finished -gt 0 ]] || skip "there was no time for both plans of $keys keys"
read -r ours theirs ours_cpu theirs_cpu <<<"$(for one in ours theirs ours-cpu theirs-cpu; do printf '%s ' "$(middle "$dir/$one")"; done)"
echo "ratios $keys $(ratio "$ours" "$theirs") $(ratio "$ours_cpu" "$theirs_cpu")" \
    "$ours s, $ours_cpu s of CPU and $operator_calls calls; $(terraform version 2>/dev/null | head -1) $theirs s, $theirs_cpu s of CPU and $terraform_calls calls; the middle one of $finished runs"
