#!/usr/bin/env bash
# Runs the built test projects and ends with one line of totals. The tests that need no API server run beside those that do: the latter mostly wait.
# Usage: hack/test.sh [CONFIGURATION] [arguments for the test runner]
# The tests that start the operator as a process take a build of it that is compiled ahead of time: with NATIVE=1 the native executable, which is then
# also tested as an image (as root), otherwise a ReadyToRun build, which takes a tenth of the time to build and nearly no time to start.
set -euo pipefail
cd "$(dirname "$0")/.."

configuration=${1:-Release}
shift || true

# Tests run for minutes: what measuring code before it is compiled again would gain comes too late. It took 11 to 15 % of the CPU of the unit tests.
export DOTNET_TieredPGO=0
# For etcd, the API servers and kubectl, which collect garbage far more often than a machine for tests has to. It took 5 % of the CPU of the integration tests.
export GOGC=400

results=$(mktemp -d)
lanes=()
parts=()

end() {
    local lane
    # Each is the leader of a process group.
    for lane in "${lanes[@]}"; do kill -- "-$lane" 2>/dev/null || true; done
    rm -rf "$results"
}
trap end EXIT

# Runs a part and keeps its exit code, which is all that shows that a part in the background ended well.
part() { # name command...
    local name=$1 code=0
    shift
    echo "== $name"
    local TIMEFORMAT="== $name: %0lR by the clock, %0lU (user) + %0lS (system) of CPU"
    time "$@" || code=$?
    echo "$code" >"$results/$name.exit"
}

# Runs tests as a part.
run() { # name project arguments...
    local name=$1 project=$2
    shift 2
    # The results' directory must not exist: dotnet test takes an existing one, also behind --, for its own argument.
    part "$name" tests_of "$project" --report-trx --report-trx-filename "$name.trx" --results-directory "$results/$name" "$@"
}

tests_of() { # project arguments...
    local project=$1 code=0
    shift
    dotnet test --no-build -c "$configuration" --project "$project" -- "$@" || code=$?
    # No test matched the arguments, which is fine for a filter as long as one of another project does.
    [[ $code -eq 8 ]] || return "$code"
}

# Runs a part and shows its output when it has ended, so that it does not mix with that of other parts.
whole() { # name command...
    local name=$1 kind=$2
    shift 2
    "$kind" "$name" "$@" >"$results/$name.log" 2>&1
    cat "$results/$name.log"
}

# Starts a function in the background, in a process group of its own.
lane() {
    set -m
    "$@" </dev/null &
    lanes+=("$!")
    set +m
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

in_memory=(KmsOperator.UnitTests KmsSimulator.Tests KmsOperator.Simulation)
old_server=
# What the oldest server does otherwise. It is in the folder of the newer one, as the server behind it.
[[ -d $assets/core && $# -eq 0 ]] && old_server=KmsOperator.IntegrationTests-on-the-old-server

beside() { # arguments...
    local project
    # The tests with servers wait for them with a limit; these here wait for nobody.
    renice -n 5 -p "$BASHPID" >/dev/null || true
    # The Makefile says why; not for the tests that start the operator as a process, which would take it over.
    for project in "${in_memory[@]}"; do DOTNET_GCgen0size=0x4000000 DOTNET_TC_CallCountingDelayMs=0 whole "$project" run "tests/$project" "$@"; done
    [[ -z $old_server ]] || KUBEBUILDER_ASSETS=$assets/core OLD_SERVER=1 \
        whole "$old_server" run tests/KmsOperator.IntegrationTests --filter-trait Server=Old
}

parts+=("${in_memory[@]}" ${old_server:+"$old_server"})
lane beside "$@"

native=0
if [[ ${NATIVE:-} == 1 ]]; then
    parts+=(publish)
    part publish make -s publish PUBLISH_ARGS=-p:RunAnalyzers=false
    native=$(<"$results/publish.exit")
    export KMS_OPERATOR_BINARY=$PWD/artifacts/publish/kms-operator
    if [[ $native -eq 0 && $(id -u) -eq 0 ]]; then
        parts+=(image-test)
        lane whole image-test part make -s image-test
    fi
else
    part ready-to-run make -s ready-to-run PUBLISH_ARGS=-p:RunAnalyzers=false
    if [[ $(<"$results/ready-to-run.exit") -eq 0 ]]; then
        export KMS_OPERATOR_BINARY=$PWD/artifacts/ready-to-run/kms-operator
    else
        echo "== the ReadyToRun build failed: the tests start the operator with dotnet, which compiles it each time" >&2
    fi
fi
if [[ $native -eq 0 ]]; then
    parts+=(KmsOperator.IntegrationTests)
    run KmsOperator.IntegrationTests tests/KmsOperator.IntegrationTests "$@"
fi
wait
lanes=()

status=0
for name in "${parts[@]}"; do
    code=$(cat "$results/$name.exit" 2>/dev/null || echo "no exit code")
    [[ $code == 0 ]] || { status=1; echo "== $name failed ($code)" >&2; }
done

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
if [[ $status -eq 0 && $((passed + failed + skipped)) -eq 0 ]]; then
    echo "No test of any project matches: $*" >&2
    status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
