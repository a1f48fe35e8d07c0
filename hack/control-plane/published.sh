# shellcheck shell=bash
# The control plane as the Kubernetes projects publish it. Sourced by ../control-plane.sh.

readonly envtest_url=https://github.com/kubernetes-sigs/controller-tools/releases/download/envtest-v$envtest_version
# The envtest archive has no controller manager; the release site has it.
readonly release_url=https://dl.k8s.io/release/v$envtest_version/bin

reason_not_fetched=''

# fetch URL FILE: a dead network costs seconds, a stalled transfer half a minute.
fetch() {
    curl -fsSL --proto '=https' --connect-timeout 4 --speed-limit 1024 --speed-time 30 \
        -o "$2" "$1" 3>&- 9>&-
}

# fetch_checked URL FILE: fetches and compares with the published checksum, first
# of all: what has none is not run. Why not is in reason_not_fetched.
fetch_checked() {
    local sum='' status=0
    fetch "$1.sha512" "$2.sha512" || status=$?
    if ((status)); then
        reason_not_fetched="could not fetch $1.sha512"
        # 22: the server answered, so it is the checksum that is missing.
        if ((status == 22)); then reason_not_fetched="there is no checksum at $1.sha512, and nothing is run unchecked"; fi
        return 1
    fi
    read -r sum _ <"$2.sha512" || true
    if [[ ! $sum =~ ^[0-9a-f]{128}$ ]]; then
        reason_not_fetched="$1.sha512 is no SHA-512 checksum, and nothing is run unchecked"
        return 1
    fi
    if ! fetch "$1" "$2"; then
        reason_not_fetched="could not fetch $1"
        return 1
    fi
    if ! printf '%s  %s\n' "$sum" "$2" | sha512sum --check --status 2>/dev/null; then
        reason_not_fetched="$1 does not match its checksum"
        return 1
    fi
}

fetch_published() {
    local arch archive program found
    case $(uname -m) in
        x86_64) arch=amd64 ;;
        aarch64) arch=arm64 ;;
        *) reason_not_fetched="there is none for $(uname -m)"; return 1 ;;
    esac
    if ! command -v curl >/dev/null; then
        reason_not_fetched='curl is not installed'
        return 1
    fi

    say "trying the published envtest archive, Kubernetes $envtest_version"
    archive=envtest-v$envtest_version-linux-$arch.tar.gz
    fetch_checked "$envtest_url/$archive" "$work/$archive" || return 1
    mkdir "$work/envtest"
    if ! tar -xzf "$work/$archive" -C "$work/envtest"; then
        reason_not_fetched="could not unpack $archive"
        return 1
    fi
    # The archive has its programs a few directories down.
    for program in "${required[@]}"; do
        found=$(find "$work/envtest" -type f -name "$program" -print -quit)
        if [[ -z $found ]]; then
            reason_not_fetched="$archive has no $program"
            return 1
        fi
        cp -- "$found" "$stage/$program" || fail "cannot write to $stage"
    done

    say "fetching $optional $envtest_version"
    if fetch_checked "$release_url/linux/$arch/$optional" "$work/$optional"; then
        cp -- "$work/$optional" "$stage/$optional" || fail "cannot write to $stage"
    else
        say "$optional: $reason_not_fetched"
    fi
}
