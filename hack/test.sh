#!/usr/bin/env bash
# Runs the built test projects one after the other and ends with one line of totals.
# Usage: hack/test.sh [CONFIGURATION] [arguments for the test runner]
set -euo pipefail
cd "$(dirname "$0")/.."

configuration=${1:-Release}
shift || true

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

status=0
run() { # name project arguments
    local name=$1 project=$2 code
    shift 2
    echo "== $name"
    # The results' directory must not exist: dotnet test takes an existing one, also behind --, for its own argument.
    # Exit code 8: no test matched the arguments, which is fine for a filter as long as one of another project does.
    dotnet test --no-build -c "$configuration" --project "$project" -- \
        --report-trx --report-trx-filename "$name.trx" --results-directory "$results/$name" "$@" || {
        code=$?
        [[ $code -eq 8 ]] || status=1
    }
}

assets=
if [[ ${USE_EXISTING_CLUSTER:-} == true ]]; then
    server="the existing cluster: $(kubectl version 2>/dev/null | grep -i server || echo 'it does not answer')"
elif server=$(hack/control-plane.sh --describe); then
    assets=$(hack/control-plane.sh)
else
    server='none, or k3s where Docker runs'
fi
echo "== API server of the integration tests: $server"

for project in tests/*Tests tests/KmsOperator.Simulation; do
    run "$(basename "$project")" "$project" "$@"
done
# What the oldest server does otherwise. It is in the folder of the newer one, as the server behind it.
if [[ -d $assets/core && $# -eq 0 ]]; then
    KUBEBUILDER_ASSETS=$assets/core OLD_SERVER=1 \
        run KmsOperator.IntegrationTests-on-the-old-server tests/KmsOperator.IntegrationTests --filter-trait Server=Old
fi

# A project that ended abnormally may have written none.
reports() { find "$results" -name '*.trx' -exec cat {} +; }

# Outcomes as the test platform wrote them: <Counters total= passed= failed= ... notExecuted= />
sum() {
    reports | { grep -o "<Counters [^>]*" || true; } | { grep -o " $1=\"[0-9]*\"" || true; } | tr -dc '0-9\n' | awk '{ total += $1 } END { print total + 0 }'
}

passed=$(sum passed)
failed=$(($(sum failed) + $(sum error) + $(sum timeout)))
skipped=$(sum notExecuted)
[[ $status -eq 0 && $failed -gt 0 ]] && status=1
# The size of the fault matrix, which comes from the runs themselves.
reports | { grep -oE "[a-z ]+: [0-9]+ side effects x [^<]*" || true; } | sort -u

# A long log is often cut to its end, so what failed is said once more here: each test's name, message and place.
if [[ $failed -gt 0 ]]; then
    echo "== failed"
    reports | awk '
        /<UnitTestResult / { failed = /outcome="(Failed|Error|Timeout)"/; lines = 0; if (failed && match($0, /testName="[^"]*"/)) print substr($0, RSTART + 10, RLENGTH - 11) }
        failed && /<Message>/ { show = 1 }
        failed && show && lines++ < 25 { print "    " $0 }
        /<\/StackTrace>|<\/ErrorInfo>/ { show = 0 }' | sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&#xD;//g; s/&amp;/\&/g'
fi
# Each reason once, with the number of tests that skipped for it.
if [[ $skipped -gt 0 ]]; then
    echo "== skipped, on $server"
    reports | awk '
        /<UnitTestResult / { skipped = /outcome="NotExecuted"/ }
        skipped && match($0, /<StdOut>[^<]*/) { print substr($0, RSTART + 8, RLENGTH - 8); skipped = 0 }' | sort | uniq -c
fi
[[ $status -ne 0 && $failed -eq 0 ]] && echo "A test project ended abnormally." >&2
if [[ $status -eq 0 && $((passed + failed + skipped)) -eq 0 ]]; then
    echo "No test of any project matches: $*" >&2
    status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
