#!/usr/bin/env bash
# A key for each of the nineteen services of examples/scenario-1-all-services, by the operator and by Terraform, on the same simulator: until all are there, and a second look with nothing changed.
# Terraform gets the policies, tags and aliases that `kms-operator render` prints. Without Terraform there is nothing to compare with, and with BENCH_SMALL it is left out.
manifests=examples/scenario-1-all-services
terraform_directory=$dir/terraform

class() { # account, as YAML; the class of the example in it
    sed "s#^    id: .*#    $1#" "$manifests/key-class.yaml"
}
calls_of() { # command; sets calls_made and took_ms
    local began calls_before
    calls_before=$(kms_calls) began=$(now_ms)
    "$@" >"$dir/$scene-command.log" 2>&1 || { tail -30 "$dir/$scene-command.log" >&2; return 1; }
    took_ms=$(($(now_ms) - began))
    [[ $1 == terraform* ]] || settled
    calls_made=$(($(kms_calls) - calls_before))
}
terraform_run() { terraform -chdir="$terraform_directory" "$@" -no-color -input=false -var="url=$simulator" -var=region=eu-central-1; }
operator_keys() {
    kubectl apply -f "$manifests/service-keys.yaml"
    kubectl wait --for=condition=Ready servicekeys.kms.servicekey.dev --all -n default --timeout=300s
}
operator_again() {
    kubectl annotate servicekeys.kms.servicekey.dev --all -n default kms.servicekey.dev/reconcile-at=again
    kubectl wait --for=jsonpath='{.status.lastHandledReconcileAt}'=again servicekeys.kms.servicekey.dev --all -n default --timeout=300s
}
each() { awk -v all="$1" -v keys="$2" 'BEGIN { printf "%.2f", all / keys }'; }
compare_with_terraform() {
    local keys version made again made_calls again_calls
    cluster_up
    simulator_up --quota-scale 0
    class 'id: "123456789012"' | "${operator[@]}" render -f - -f "$manifests/service-keys.yaml" -o json >"$terraform_directory/keys.json"
    keys=$(grep -c '^  name:' "$manifests/service-keys.yaml")
    version=$(terraform version | sed -n 1p)
    start_operator default
    until_ready
    class 'roleArn: arn:aws:iam::700000000001:role/kms-operator' | kubectl apply -f - >/dev/null
    kubectl wait --for=condition=Ready keyclasses.kms.servicekey.dev/standard --timeout=60s >/dev/null
    settled

    calls_of operator_keys
    made=$took_ms made_calls=$calls_made
    calls_of operator_again
    again=$took_ms again_calls=$calls_made
    calls_of terraform_run apply -auto-approve
    figures=(
        "terraform.time $keys $(ratio "$made" "$took_ms") $(seconds "$made"); $version $(seconds "$took_ms")"
        "terraform.calls $keys $(ratio "$made_calls" "$keys") with Terraform $(each "$calls_made" "$keys")"
    )
    # Fails unless the plan is empty.
    calls_of terraform_run plan -detailed-exitcode
    figures+=(
        "terraform.again $keys $(ratio "$again" "$took_ms") $(seconds "$again"); $version $(seconds "$took_ms")"
        "terraform.again-calls $keys $(ratio "$again_calls" "$keys") with Terraform $(each "$calls_made" "$keys")"
    )
}

if [[ -n ${BENCH_SMALL:-} ]]; then
    echo "keys by Terraform: left out, it takes minutes" >&2
elif ! command -v terraform >/dev/null; then
    echo "keys by Terraform: skipped, there is no terraform" >&2
else
    mkdir -p "$terraform_directory"
    cp hack/bench/terraform/main.tf "$terraform_directory"
    if terraform -chdir="$terraform_directory" init -no-color -input=false >"$dir/init.log" 2>&1; then
        compare_with_terraform
        results_begin
        write_figures
    else
        echo "keys by Terraform: skipped, terraform init failed: $(grep -m1 -E '^[│ ]*Error:' "$dir/init.log" | sed 's/^[│ ]*//' || true)" >&2
    fi
fi
