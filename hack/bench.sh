#!/usr/bin/env bash
# Measures the operator: a real API server, the simulator of KMS, the operator in its own process. Each scene is a file in hack/bench that says what it measures.
# BENCH_SCENES chooses scenes; without it all of them run. BENCH_SMALL=1 makes all of them small (make bench-small), BENCH_… in a scene's file one thing of it.
# KMS_OPERATOR_BINARY measures another build, for example artifacts/publish/kms-operator.
# The figures go to artifacts/bench, a file for each scene, with BENCH_SMALL to artifacts/bench-small. BENCH_DOCS=1 also writes the table of docs/performance.md from all of them,
# those of scenes that ran earlier included. Fails when a figure that is promised is missed: tests/KmsOperator.Benchmarks/Reporting/Measures.cs says which.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=hack/simulator.sh
source hack/simulator.sh
# shellcheck source=hack/bench/common.sh
source hack/bench/common.sh

scenes=${BENCH_SCENES:-start scale compare quota events trouble hostile terraform plan}
results=$PWD/artifacts/bench${BENCH_SMALL:+-small}
mkdir -p "$results"

echo "Building" >&2
for project in src/KmsOperator src/KmsSimulator tests/KmsOperator.Benchmarks; do
    dotnet build "$project" -c Release -v quiet --nologo >"$dir/build.log" || { cat "$dir/build.log" >&2; exit 1; }
done

for scene in $scenes; do
    [[ -f hack/bench/scene-$scene.sh ]] || { echo "BENCH_SCENES: there is no scene $scene in hack/bench" >&2; exit 64; }
done
for scene in $scenes; do
    echo "== $scene" >&2
    # shellcheck source=/dev/null
    source "hack/bench/scene-$scene.sh"
    stop_operator
    stop_simulator
done

load report "$results" ${BENCH_DOCS:+docs}
