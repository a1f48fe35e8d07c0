#!/usr/bin/env bash
# A full comparison of unchanged keys with KMS that is asked for, of all at once. BENCH_KEYS (200) is their number, five in an account.
cluster_up
keys=${BENCH_KEYS:-$(size 200 50)}
accounts=$(((keys + 4) / 5))
namespaces compare
simulator_up --quota-scale 0
start_operator compare
load classes compare "$accounts" 200000000001
names=()
for i in $(seq "$accounts"); do names+=("compare-$i"); done
load create compare "$keys" "${names[@]}" >/dev/null
settled

only_asked='ListKeyRotations|GetKeyLastUsage'
all_before=$(kms_calls) lists_before=$(count ListAliases) asked_before=$(count "$only_asked") before=$(calls)
took=$(load compare compare "$keys")
settled
all=$(($(kms_calls) - all_before)) lists=$(($(count ListAliases) - lists_before)) asked=$(($(count "$only_asked") - asked_before))

# The operations and how often each was called, from two counts.
difference=$(diff <(tr -d '{}," ' <<<"$before") <(calls | tr -d '{}," ') | awk -F'[ :]' '
    /^< / { old[$2] = $3 }
    /^> / { new[$2] = $3 }
    END { for (name in new) printf "%s %d\n", name, new[name] - old[name] }' | sort | paste -sd, | sed 's/,/, /g')

results_begin
result compare.calls "$keys" "$(ratio "$all" "$keys")" "$difference"
result compare.reads "$keys" "$(ratio $((all - lists - asked)) "$keys")"
result compare.lists "$keys" "$(ratio "$lists" "$accounts")" "$accounts accounts"
result compare.time "$keys" "$(ratio "$took" 1000)"
