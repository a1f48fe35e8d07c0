#!/usr/bin/env bash
# `kms-operator plan` of unchanged keys beside `terraform plan` of the same; without Terraform there is nothing to compare with, and with BENCH_SMALL it is left out.
if [[ -n ${BENCH_SMALL:-} ]]; then
    echo "plan beside terraform plan: left out, it takes minutes" >&2
else
    compared=$(hack/bench/plan-beside-terraform.sh)
    if [[ $compared == ratios* ]]; then
        read -r _ keys clock cpu beside <<<"$compared"
        results_begin
        result plan.time "$keys" "$clock" "$beside"
        result plan.cpu "$keys" "$cpu"
    else
        echo "$compared" >&2
    fi
fi
