#!/usr/bin/env bash
# From the start of the process to its first list, against a stand-in for an API server; and memory without keys.
# BENCH_STARTS (15) is how often it starts.
cluster_up
starts=${BENCH_STARTS:-$(size 15 3)}
command=("${operator[@]}" run --leader-elect=false --health-address 127.0.0.1:0 --metrics-address 127.0.0.1:0)
read -r first _ slowest < <(AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=bench load start "$starts" "${command[@]}")

namespaces idle
simulator_up --quota-scale 0
start_operator idle
until_ready
curl -fsS -o /dev/null "$(operator_url metrics)"
sleep "$(size 15 3)"

results_begin
result start.first-list 0 "$first" "median of $starts starts, the slowest $slowest ms; by TLS"
result start.memory 0 "$(memory)" "\`VmRSS\`"
