#!/usr/bin/env bash
#
# Finds, fetches or builds the programs that the tests need for a real
# Kubernetes API. Prints the directory that holds them. See usage() below.

set -euo pipefail

# The newest that is published; its checksums are beside it.
readonly envtest_version=1.36.2

# The only Debian release whose kubernetes source package still has the server
# and for which this build has been tried.
readonly debian_version=1.20.5-debian
readonly debian_packages=(golang-go etcd-server golang-github-modern-go-reflect2-dev dpkg-dev)

readonly required=(etcd kube-apiserver kubectl)
readonly optional=kube-controller-manager

hack=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly hack
# shellcheck source=hack/control-plane/published.sh
source "$hack/control-plane/published.sh"
# shellcheck source=hack/control-plane/debian.sh
source "$hack/control-plane/debian.sh"
# shellcheck source=hack/control-plane/kubernetes-1.20.sh
source "$hack/control-plane/kubernetes-1.20.sh"
# shellcheck source=hack/control-plane/front.sh
source "$hack/control-plane/front.sh"

usage() {
    cat <<USAGE
Usage: hack/control-plane.sh [--describe | --help]

Prints, as its only line on standard output, a directory that holds etcd,
kube-apiserver, kubectl and, where it can be had, kube-controller-manager.
Where the directory holds crd-front as well, that is the API server, and
kube-apiserver is the core server behind it (hack/crd-front/README.md).
Everything else goes to standard error. With --describe the line says in words what
it is instead.

The first of these that works is taken:
  1. \$KUBEBUILDER_ASSETS, if it holds the programs;
  2. the cache, \${XDG_CACHE_HOME:-~/.cache}/kms-operator/control-plane/<version>;
  3. the published envtest archive, Kubernetes $envtest_version (linux, amd64 or arm64),
     if it matches the checksum published beside it;
  4. on Debian $debian_codename, crd-front with the API machinery of a current Kubernetes from
     Debian ${front_suites[0]}, before a Kubernetes 1.20 from Debian $debian_codename's own source package;
  5. that Kubernetes 1.20 alone, which does not evaluate the CEL rules of CRDs.

4 and 5 take some minutes and about 4 GB in \${TMPDIR:-/tmp}, once, and may install
(as root or with sudo) ${debian_packages[*]}.

What was fetched or built goes into the cache; delete it to choose again.
USAGE
}

describe=''
case "${1-}" in
    '') ;;
    --describe) describe=1 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac

# Only the last line of the script may write to the caller's standard output.
exec 3>&1 1>&2

say() { printf 'control-plane: [%3ds] %s\n' "$SECONDS" "$*"; }
fail() {
    printf 'control-plane: error: %s\n' "$1"
    shift
    if (($#)); then printf '  %s\n' "$@"; fi
    exit 1
}
give_up() {
    fail "$1" 'So there is no control plane for the tests. Do one of these:' \
        "- set KUBEBUILDER_ASSETS to a directory with ${required[*]}" \
        "  (and $optional) of one Kubernetes version;" \
        "- run this where $envtest_url can be reached" \
        "  (now: $reason_not_fetched);" \
        "- run this on Debian $debian_codename, with its package archive reachable."
}

finish() {
    if [[ -z $describe ]]; then
        printf '%s\n' "$1" >&3
    elif [[ -x $1/crd-front ]]; then
        printf 'crd-front with the API machinery of Kubernetes %s, before %s\n' "$("$1/crd-front" --version)" "$("$1/kube-apiserver" --version)" >&3
    else
        printf 'kube-apiserver of %s\n' "$("$1/kube-apiserver" --version)" >&3
    fi
    exit 0
}

holds_programs() {
    local program
    for program in "${required[@]}"; do
        [[ -f $1/$program && -x $1/$program ]] || return 1
    done
}

work=''
stage=''
child=''
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    trap - EXIT
    if [[ -n $child ]]; then
        # It has a process group of its own, with the compilers in it.
        kill -TERM -- "-$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    if [[ -d $work/try ]]; then "$hack/cluster.sh" down "$work/try" || true; fi
    if [[ -n $work ]]; then rm -rf -- "$work"; fi
    if [[ -n $stage ]]; then rm -rf -- "$stage"; fi
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- 1. the caller's own directory ------------------------------------------

if [[ -n ${KUBEBUILDER_ASSETS-} ]]; then
    if holds_programs "$KUBEBUILDER_ASSETS"; then
        finish "$(cd -- "$KUBEBUILDER_ASSETS" && pwd)"
    fi
    say "KUBEBUILDER_ASSETS does not hold ${required[*]}; looking further"
fi

# --- 2. the cache -----------------------------------------------------------

if [[ -z ${XDG_CACHE_HOME-} && -z ${HOME-} ]]; then
    fail 'neither XDG_CACHE_HOME nor HOME is set, so there is no cache directory'
fi
cache=${XDG_CACHE_HOME:-${HOME-}/.cache}/kms-operator/control-plane
front_id=$(front_id)
readonly cache front_id
# Why the front could not be built, if minutes were spent on it. It is not tried again for a day, except in CI.
readonly front_failed=$cache/front-$front_id.failed

finish_from_cache() {
    local found
    for found in "$cache/$envtest_version" "$cache"/*-front-"$front_id"; do
        if holds_programs "$found"; then finish "$found"; fi
    done
    if [[ ${CI-} != true && -n $(find "$front_failed" -mmin -1440 2>/dev/null) ]] && holds_programs "$cache/$debian_version"; then
        without_cel "$(<"$front_failed")"
        finish "$cache/$debian_version"
    fi
}

without_cel() {
    say "WARNING: $1."
    say 'WARNING: so the tests run on Kubernetes 1.20, which does NOT evaluate the CEL rules of the CRDs:'
    say 'WARNING: they cannot find what every current Kubernetes refuses.'
}
finish_from_cache

[[ $(uname -s) == Linux ]] ||
    fail 'this script can provide a control plane on Linux only.' \
        "Set KUBEBUILDER_ASSETS to a directory with ${required[*]}."

# One caller at a time fetches or builds; the others then find the result.
mkdir -p -- "$cache"
exec 9>"$cache/.lock"
until flock -w 20 9; do
    say 'another run is preparing the control plane; waiting for it'
done
finish_from_cache

# What a killed run left behind. The lock is ours, so nobody uses it.
rm -rf -- "$cache"/.stage.*
work=$(mktemp -d "${TMPDIR:-/tmp}/control-plane.XXXXXXXX")

# Inside the cache, so that keeping the result is a rename.
new_stage() { stage=$(mktemp -d "$cache/.stage.XXXXXXXX"); }

# keep NAME: puts the programs of the stage into the cache.
keep() {
    local target=$cache/$1
    chmod -R u+w,a+rX "$stage"
    holds_programs "$stage" || fail "$stage is not complete"
    # Whatever is there is incomplete, or it would have been taken above.
    rm -rf -- "$target"
    mv -T -- "$stage" "$target"
    stage=''
    if [[ ! -x $target/$optional ]]; then
        say "note: no $optional here; tests that need it cannot run"
    fi
}

# --- 3. the published archive -----------------------------------------------

new_stage
if fetch_published; then
    keep "$envtest_version"
    finish "$cache/$envtest_version"
fi
say "published archive: $reason_not_fetched"
rm -rf -- "${stage:?}"

# --- 4. and 5. builds from Debian's packages --------------------------------

# shellcheck disable=SC1091 # the machine's own file
distribution=$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID-}" "${VERSION_CODENAME-}") || true
[[ $distribution == "debian $debian_codename" ]] ||
    give_up "a build from source works on Debian $debian_codename only; this is '${distribution:-unknown}'."

if ! holds_programs "$cache/$debian_version"; then
    new_stage
    build_1_20
fi

new_stage
if build_front "$cache/$debian_version"; then
    found=$front_version-front-$front_id
    keep "$found"
    rm -f -- "$front_failed"
    say "done; crd-front with the API machinery of Kubernetes $front_version is in $cache/$found"
    finish "$cache/$found"
fi
reason_no_front="crd-front could not be built on $(date -u +%Y-%m-%d): $reason_no_front"
if [[ -n $front_tried ]]; then printf '%s\n' "$reason_no_front" >"$front_failed"; fi
without_cel "$reason_no_front"
finish "$cache/$debian_version"
