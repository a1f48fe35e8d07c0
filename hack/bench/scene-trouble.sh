#!/usr/bin/env bash
# New keys of healthy accounts alone, beside as many of an account in which every call is throttled, and beside as many of one that does not answer: docs/promises/throttling.md.
# With one healthy account the quota of five new keys per second hides part of what workers cost, hence also ten. BENCH_HEALTHY_KEYS (50); ten accounts get four times as many, since
# they take too little time otherwise for a ratio that means anything.
cluster_up
keys=${BENCH_HEALTHY_KEYS:-$(size 50 12)}
keys_of_ten=$((4 * keys)) keys_of_one=$keys
silent=500000000002 throttled=500000000001
names=({alone,beside-throttled,beside-silent}-{ten,one} {throttled,silent}-{ten,one})
namespaces "${names[@]}"
simulator_up --quota-scale 0
start_operator "$(IFS=,; echo "${names[*]}")"
load classes throttled 1 "$throttled"
load classes silent 1 "$silent"
load classes healthy-ten 10 500000000011
load classes healthy-one 1 500000000031
settled
ten=(healthy-ten-{1..10})
one=(healthy-one-1)

fault() { curl -fsS -o /dev/null -d "{\"operation\": \"*\", \"account\": \"$1\", \"count\": 1000000, $2}" "$simulator/_sim/faults"; }
healthy() { # namespace, which classes
    local -n of=$2 count=keys_of_$2
    load create "$1" "$count" "${of[@]}"
}
beside() { # which account, which classes
    load add "$1-$2" "$keys" "$1-1" >/dev/null
    # What is measured is the workers' time, not the API server's for the first status of the others. Without an answer there is none, and with few
    # keys nothing is promised.
    [[ $1 == silent || -n ${BENCH_SMALL:-} ]] || kubectl wait --for=condition=Ready=False servicekeys.kms.servicekey.dev --all -n "$1-$2" --timeout=180s >/dev/null
    healthy "beside-$1-$2" "$2"
}
alone_ten=$(healthy alone-ten ten) alone_one=$(healthy alone-one one)
fault "$throttled" '"kind": "throttle"'
throttled_ten=$(beside throttled ten) throttled_one=$(beside throttled one)
fault "$silent" '"kind": "delay", "delayMs": 60000'
silent_ten=$(beside silent ten) silent_one=$(beside silent one)

# It would wait half a minute for the account that does not answer.
kill -KILL "$operator_pid"

results_begin
for which in throttled-ten throttled-one silent-ten silent-one; do
    took=${which/-/_} alone=alone_${which#*-} count=keys_of_${which#*-}
    result "trouble.$which" "${!count}" "$(ratio "${!took}" "${!alone}")" "${!count} keys: $(seconds "${!took}"), alone $(seconds "${!alone}")"
done
