#!/usr/bin/env bash
# For the scripts that source it: starts the simulator that they have built, in the background.
# start_simulator LOG [ARGUMENTS OF THE SIMULATOR] sets simulator_pid and simulator, its address; ends the script when it does not come up.
start_simulator() {
    local log=$1
    shift
    dotnet src/KmsSimulator/bin/Release/net10.0/kms-simulator.dll --port 0 "$@" >"$log" 2>&1 &
    simulator_pid=$!
    for _ in $(seq 150); do
        simulator=$(grep -om1 'http://127.0.0.1:[0-9]*' "$log" || true)
        [[ -z $simulator ]] || return 0
        kill -0 "$simulator_pid" 2>/dev/null || break
        sleep 0.2
    done
    echo "The simulator did not start:" >&2
    cat "$log" >&2
    exit 1
}
