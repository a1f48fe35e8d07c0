#!/usr/bin/env bash
# A full comparison of unchanged keys with KMS that is asked for, of the keys of one account after those of another. BENCH_KEYS (200) is their number, five in an account.
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

# What a comparison that nobody asks for does not read: rotations, with the rotation status once more, and the last use.
only_asked() { echo $((2 * $(count ListKeyRotations) + $(count GetKeyLastUsage))); }
all_before=$(kms_calls) lists_before=$(count ListAliases) asked_before=$(only_asked) before=$(calls)
took=$(load compare compare "$keys" "$accounts")
settled
all=$(($(kms_calls) - all_before)) lists=$(($(count ListAliases) - lists_before)) asked=$(($(only_asked) - asked_before))

# The operations and how often each was called, from two counts.
difference=$({ diff <(tr -d '{}," ' <<<"$before") <(calls | tr -d '{}," ') || true; } | awk -F'[ :]' '
    /^< / { old[$2] = $3 }
    /^> / { new[$2] = $3 }
    END { for (name in new) printf "%s %d\n", name, new[name] - old[name] }' | sort | paste -sd, | sed 's/,/, /g')

results_begin
result compare.calls "$keys" "$(ratio "$all" "$keys")" "$difference"
result compare.reads "$keys" "$(ratio $((all - lists - asked)) "$keys")"
result compare.lists "$keys" "$(ratio "$lists" "$accounts")" "$accounts accounts"
result compare.time "$keys" "$(ratio "$took" 1000)"
