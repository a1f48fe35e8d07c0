#!/usr/bin/env bash
# What the scenes of hack/bench.sh share: they start servers with it, measure, and write figures. bench.sh sources it in the repository's folder.
dir=$(mktemp -d "${TMPDIR:-/tmp}/kms-operator-bench.XXXXXX")
operator=(dotnet src/KmsOperator/bin/Release/net10.0/kms-operator.dll)
build=JIT
if [[ -n ${KMS_OPERATOR_BINARY:-} ]]; then
    operator=("$KMS_OPERATOR_BINARY")
    # A native executable is one file; the others come with the assemblies that they start.
    [[ -f $(dirname "$KMS_OPERATOR_BINARY")/kms-operator.dll ]] && build=ReadyToRun || build=native
fi

# .NET reads all authorities that the system trusts at the start. The image has them in one file; here a folder may have each of them once more.
export SSL_CERT_DIR=$dir/no-authorities

finish() {
    local status=$?
    trap - EXIT
    stop_operator
    stop_simulator
    [[ ! -d $dir/cluster ]] || hack/cluster.sh down "$dir/cluster"
    memory_limit_off
    if [[ $status -eq 0 ]]; then rm -rf "$dir"; else echo "Failed; logs are in $dir" >&2; fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

size() { # normal small: which of them counts
    if [[ -n ${BENCH_SMALL:-} ]]; then echo "$2"; else echo "$1"; fi
}

# --- Servers

cluster_up() { # once for all scenes
    [[ -z ${assets:-} ]] || return 0
    echo "Starting the control plane" >&2
    hack/cluster.sh up "$dir/cluster"
    assets=$(<"$dir/cluster/assets")
    kubectl apply --validate=false -k config/crds >/dev/null
    kubectl apply -k config/rbac >/dev/null
    kubectl wait --for=condition=Established crd --all --timeout=60s >/dev/null
    server=$(kubectl version 2>/dev/null | awk '/Server Version/ { match($0, /v[0-9][0-9.]*/); print substr($0, RSTART + 1, RLENGTH - 1) }')
}
restart_api_server() { # ends it at once, as a crash does, and starts it again; the store goes on
    local pid_file=$dir/cluster/pids/front pid command
    [[ -f $pid_file ]] || pid_file=$dir/cluster/pids/apiserver
    pid=$(<"$pid_file")
    mapfile -d '' command <"/proc/$pid/cmdline"
    kill -9 "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    "${command[@]}" >>"$dir/cluster/logs/api-server-again" 2>&1 &
    echo $! >"$pid_file"
    until kubectl get --raw /readyz >/dev/null 2>&1; do sleep 0.1; done
}
kubectl() { "$assets/kubectl" --kubeconfig "$dir/cluster/admin.kubeconfig" "$@"; }
namespaces() { local name; for name in "$@"; do kubectl create namespace "$name" >/dev/null; done; }
load() { KUBECONFIG=$dir/cluster/admin.kubeconfig dotnet tests/KmsOperator.Benchmarks/bin/Release/net10.0/KmsOperator.Benchmarks.dll "$@"; }

simulator_up() { # arguments of the simulator
    stop_simulator
    start_simulator "$dir/$scene-simulator.log" --seed 1 "$@"
}
stop_simulator() { stop_process "${simulator_pid:-}"; simulator_pid=; }

# Starts an operator that watches these namespaces, separated by commas, with all of KMS's quotas, in place of the one before; sets operator_pid.
start_operator() { # namespaces [flags]
    stop_operator
    operator_log=$dir/$scene-operator-$((++operators)).log
    KUBECONFIG=$dir/cluster/operator.kubeconfig AWS_ENDPOINT_URL=$simulator AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=bench \
        "${limited[@]}" "${operator[@]}" run --leader-elect=false --watch-namespaces "$1" --quota-share 1 --log-format text \
        --health-address 127.0.0.1:0 --metrics-address 127.0.0.1:0 "${@:2}" >"$operator_log" 2>&1 &
    operator_pid=$!
}
operators=0
limited=()
stop_operator() { stop_process "${operator_pid:-}"; operator_pid=; }
stop_process() {
    [[ -n $1 ]] || return 0
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
# Operators that start from now on have so much memory as a container with this limit: the runtime reads it, and the kernel ends who takes more. Returns 1, and changes nothing, where this machine
# lets nobody make such a group of processes.
memory_limit() { # MiB
    local parent file
    for parent in /sys/fs/cgroup/memory /sys/fs/cgroup; do
        memory_group=$parent/kms-operator-bench-$$
        mkdir "$memory_group" 2>/dev/null || continue
        for file in memory.limit_in_bytes memory.max; do
            if [[ -w $memory_group/$file ]] && echo $(($1 * 1024 * 1024)) >"$memory_group/$file"; then
                # shellcheck disable=SC2016
                limited=(bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$memory_group")
                return
            fi
        done
        rmdir "$memory_group"
    done
    memory_group=
    return 1
}
memory_limit_off() { # once the operator has ended
    limited=()
    [[ -z ${memory_group:-} ]] || rmdir "$memory_group"
    memory_group=
}
# Where the operator serves a path, once its log says so.
operator_url() { # path
    local address
    for _ in $(seq 1500); do
        address=$({ grep -F "/$1" "$operator_log" || true; } | grep -om1 'http://127.0.0.1:[0-9]*' || true)
        [[ -z $address ]] || { echo "$address/$1"; return; }
        kill -0 "$operator_pid" || { tail -5 "$operator_log" >&2; return 1; }
        sleep 0.02
    done
    echo "The operator does not serve /$1" >&2
    return 1
}
until_ready() {
    local url
    url=$(operator_url readyz)
    until curl -fsS -o /dev/null "$url" 2>/dev/null; do
        kill -0 "$operator_pid" || { tail -5 "$operator_log" >&2; return 1; }
        sleep 0.02
    done
}

# --- Counting

calls() { curl -fsS "$simulator/_sim/calls"; }
count() { # expression of operations
    calls | tr ',{}' '\n\n\n' | tr -d '" ' | { grep -E "^($1):" || true; } | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }'
}
# Calls of KMS itself: AssumeRole and GetCallerIdentity are STS's, once for each class and start; the queue's are SQS's.
kms_calls() { echo $(($(count '[A-Za-z]*') - $(count 'AssumeRole|GetCallerIdentity|[A-Za-z]*Message[A-Za-z]*|[A-Za-z]*Queue[A-Za-z]*'))); }
# Writes that the API server took, whoever made them: of the operator's own kinds, ConfigMaps and events, without dry runs. Where hack/crd-front stands before an API server, the operator's
# kinds are its own, and the others are behind it.
api_writes() {
    {
        kubectl get --raw /metrics
        [[ ! -f $dir/cluster/front-proxy.kubeconfig ]] || "$assets/kubectl" --kubeconfig "$dir/cluster/front-proxy.kubeconfig" get --raw /metrics
    } | grep '^apiserver_request_total{' | grep -E 'verb="(POST|PATCH|PUT|APPLY)"' | grep -E 'resource="(keyclasses|servicekeys|keyreplicas|configmaps|events)"' | grep -v 'dry_run="All"' |
        awk '{ n += $NF } END { print n + 0 }'
}
settled() { # waits until the number of calls stands still for three seconds, with few keys for one
    local before=-1 now pause
    pause=$(size 3 1)
    for _ in $(seq 600); do
        now=$(calls)
        [[ $now == "$before" ]] && return
        before=$now
        sleep "$pause"
    done
}
writes_settled() { # the same for the writes that the API server has taken
    local before=-1 now
    until now=$(api_writes); [[ $now == "$before" ]]; do before=$now; sleep "$(size 3 1)"; done
}
now_ms() { echo $((${EPOCHREALTIME//[.,]/} / 1000)); }
reset_peak() { echo 5 >"/proc/$operator_pid/clear_refs"; } # VmHWM begins anew
memory() { awk -v what="${1:-VmRSS}:" '$1 == what { printf "%.1f\n", $2 / 1024 }' "/proc/$operator_pid/status"; } # in MiB
cpu_ms() { # of the operator so far; the fields after its name, which may have spaces
    sed 's/^.*) //' "/proc/$operator_pid/stat" | awk -v ticks="$(getconf CLK_TCK)" '{ printf "%d\n", ($12 + $13) * 1000 / ticks }'
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4f", a / b }'; }
seconds() { awk -v ms="$1" 'BEGIN { printf "%.1f s", ms / 1000 }'; }

# --- Figures

machine() { echo "$(nproc) cores ($(awk -F: '/model name/ { print $2; exit }' /proc/cpuinfo | xargs))"; }
# Begins the file of this scene. Its first figure is to be written when all of the scene is measured, so that a scene that fails leaves the earlier file.
results_begin() { printf 'run\t%s\t%s\t%s\t%s\n' "$(date -u +%F)" "$(machine)" "${server:-}" "$build" >"$results/$scene.tsv"; }
result() { # name keys value beside
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}" >>"$results/$scene.tsv"
}
write_figures() { # all of the array figures, each "name keys value beside"
    local figure name keys value beside
    for figure in "${figures[@]}"; do
        read -r name keys value beside <<<"$figure"
        result "$name" "$keys" "$value" "$beside"
    done
}
