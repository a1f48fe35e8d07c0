#!/usr/bin/env bash
#
# Finds, fetches or builds the programs that the tests need for a real
# Kubernetes API: etcd, kube-apiserver, kubectl and, where it can be had,
# kube-controller-manager. Prints the directory that holds them.
# See usage() below.

set -euo pipefail

readonly envtest_version=1.34.0
readonly envtest_url=https://github.com/kubernetes-sigs/controller-tools/releases/download/envtest-v$envtest_version
# The envtest archive has no controller manager; the release site has it.
readonly release_url=https://dl.k8s.io/release/v$envtest_version/bin

# The only Debian release whose kubernetes source package still has the server
# and for which this build has been tried.
readonly debian_codename=bookworm
readonly debian_version=1.20.5-debian
readonly debian_packages=(golang-go etcd-server golang-github-modern-go-reflect2-dev dpkg-dev)

readonly required=(etcd kube-apiserver kubectl)
readonly optional=kube-controller-manager

usage() {
    cat <<USAGE
Usage: hack/control-plane.sh [--help]

Prints, as its only line on standard output, a directory that holds etcd,
kube-apiserver, kubectl and, where it can be had, kube-controller-manager.
Everything else goes to standard error.

The first of these that works is taken:
  1. \$KUBEBUILDER_ASSETS, if it holds the programs;
  2. the cache, \${XDG_CACHE_HOME:-~/.cache}/kms-operator/control-plane/<version>;
  3. the published envtest archive, Kubernetes $envtest_version (linux, amd64 or arm64),
     if it matches the checksum published beside it;
  4. on Debian $debian_codename, a build from Debian's own kubernetes source package.
     It takes some minutes and about 2 GB in \${TMPDIR:-/tmp}, once, and may install
     (as root or with sudo) ${debian_packages[*]}.

Results of 3 and 4 go into the cache; delete it to choose again.
USAGE
}

case "${1-}" in
    '') ;;
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

finish() {
    printf '%s\n' "$1" >&3
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

finish_from_cache() {
    local version
    for version in "$envtest_version" "$debian_version"; do
        if holds_programs "$cache/$version"; then finish "$cache/$version"; fi
    done
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
# Inside the cache, so that publishing the result is a rename.
stage=$(mktemp -d "$cache/.stage.XXXXXXXX")

publish() {
    local target=$cache/$1
    chmod 0755 "$stage" "$stage"/*
    holds_programs "$stage" || fail "$stage is not complete"
    # Whatever is there is incomplete, or it would have been taken above.
    rm -rf -- "$target"
    mv -T -- "$stage" "$target"
    stage=''
    if [[ ! -x $target/$optional ]]; then
        say "note: no $optional here; tests that need it cannot run"
    fi
    finish "$target"
}

# --- 3. the published archive -----------------------------------------------

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

if fetch_published; then publish "$envtest_version"; fi
say "published archive: $reason_not_fetched"
rm -rf -- "${stage:?}"/*

# --- 4. a build from Debian's source package --------------------------------

give_up() {
    fail "$1" 'So there is no control plane for the tests. Do one of these:' \
        "- set KUBEBUILDER_ASSETS to a directory with ${required[*]}" \
        "  (and $optional) of one Kubernetes version;" \
        "- run this where $envtest_url can be reached" \
        "  (now: $reason_not_fetched);" \
        "- run this on Debian $debian_codename, with its package archive reachable."
}

# shellcheck disable=SC1091 # the machine's own file
distribution=$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID-}" "${VERSION_CODENAME-}") || true
[[ $distribution == "debian $debian_codename" ]] ||
    give_up "a build from source works on Debian $debian_codename only; this is '${distribution:-unknown}'."

# apt gets package lists, caches and sources of its own: the machine's may lack
# source entries, and must not change. Hooks that run after an update are for
# the machine's lists.
apt_dir=$work/apt
mkdir -p "$apt_dir"/{candidates,sources.list.d,lists/partial,cache/archives/partial}
cat >"$apt_dir/apt.conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets::deb::Contents-deb;
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$apt_dir/sources.list.d";
Dir::State::Lists "$apt_dir/lists";
Dir::Cache "$apt_dir/cache";
APT::Sandbox::User "$(id -un)";
APT::Get::List-Cleanup "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
CONF

# One file for each suite of each of the machine's entries, with the sources
# added: each is tried alone, so that one without sources cannot hurt the rest.
split_sources() {
    shopt -s nullglob
    local lists=(/etc/apt/sources.list.d/*.list) stanzas=(/etc/apt/sources.list.d/*.sources)
    shopt -u nullglob
    if [[ -f /etc/apt/sources.list ]]; then lists+=(/etc/apt/sources.list); fi

    # A suite of this Debian, by name or by the alias that it has had.
    local suites="^($debian_codename([-/].*)?|(old)*stable([-/].*)?)\$"

    if ((${#lists[@]})); then
        awk -v out="$apt_dir/candidates/" -v suites="$suites" '
            $1 == "deb" {
                sub(/#.*/, "")
                rest = $0
                sub(/^[ \t]*deb[ \t]+/, "", rest)
                plain = rest
                sub(/^\[[^]]*\][ \t]*/, "", plain) # options come before the address
                split(plain, word)
                if (word[1] ~ /^cdrom:/ || word[2] !~ suites) next
                file = sprintf("%sline-%02d.list", out, ++count)
                print "deb " rest "\ndeb-src " rest >file
                close(file)
            }' "${lists[@]}"
    fi
    if ((${#stanzas[@]})); then
        # Comment lines may stand inside a stanza and do not end it; the blank
        # line after each file does.
        awk -v out="$apt_dir/candidates/" -v suites="$suites" '
            function end_of_stanza(   i, n, name, file) {
                if (types ~ /(^|[ \t])deb([ \t]|$)/ && enabled) {
                    n = split(names, name)
                    for (i = 1; i <= n; i++) {
                        if (name[i] !~ suites) continue
                        file = sprintf("%sstanza-%02d.sources", out, ++count)
                        print "Types: deb deb-src\nSuites: " name[i] "\n" other >file
                        close(file)
                    }
                }
                types = names = other = field = ""
                enabled = 1
            }
            BEGIN { enabled = 1 }
            FNR == 1 { end_of_stanza() }
            /^#/ { next }
            /^[ \t]*$/ { end_of_stanza(); next }
            {
                value = $0
                if (/^[^ \t]/) {
                    field = tolower($0)
                    sub(/:.*/, "", field)
                    sub(/^[^:]*:/, "", value)
                }
                if (field == "types") types = types " " value
                else if (field == "suites") names = names " " value
                else if (field == "enabled") enabled = tolower(value) !~ /no|false|without|off|disable/
                else other = other $0 "\n"
            }
            END { end_of_stanza() }' "${stanzas[@]}"
    fi
}

private_apt=(apt-get -q -c "$apt_dir/apt.conf")

# watched WHAT COMMAND...: runs a command that may take long, says regularly that
# it still runs, and shows the end of its output when it fails. For a command
# that prints a line for each of its parts, "parts" is how many there are.
parts=''
watched() {
    local what=$1 log=$work/watched.log started=$SECONDS status=0 done_so_far
    shift
    setsid "$@" >"$log" 2>&1 </dev/null 3>&- 9>&- &
    child=$!
    while kill -0 "$child" 2>/dev/null; do
        # Short naps, so that the end is noticed soon.
        for _ in {1..40}; do
            sleep 0.5
            kill -0 "$child" 2>/dev/null || break 2
        done
        done_so_far=''
        if [[ -n $parts ]]; then done_so_far=", $(wc -l <"$log") of $parts"; fi
        say "$what: $((SECONDS - started)) s so far$done_so_far"
    done
    wait "$child" || status=$?
    child=''
    if ((status)); then tail -n 40 "$log"; fi
    return "$status"
}

say 'building from the kubernetes source package of Debian, which takes some minutes'
say "step 1 of 5: package lists, from the machine's own Debian entries"
split_sources
usable=0
for candidate in "$apt_dir"/candidates/*; do
    [[ -f $candidate ]] || continue
    say "trying entry ${candidate##*/}"
    if "${private_apt[@]}" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::SourceList="$candidate" \
        update >"$work/apt.log" 2>&1 </dev/null 3>&- 9>&-; then
        mv -- "$candidate" "$apt_dir/sources.list.d/"
        usable=$((usable + 1))
    else
        say "leaving out an entry that does not work with sources: $(grep -m1 '^[EW]:' "$work/apt.log" || true)"
    fi
done
((usable)) || give_up "none of the machine's apt entries gives Debian $debian_codename with its sources."

missing=()
for package in "${debian_packages[@]}"; do
    # shellcheck disable=SC2016 # the ${...} is for dpkg-query
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
        missing+=("$package")
done
if ((${#missing[@]})); then
    say "step 2 of 5: installing ${missing[*]}"
    as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null ||
            give_up "please have these packages installed, there is neither root nor sudo here: ${missing[*]}"
        as_root=(sudo)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        "${private_apt[@]}" -y install --no-install-recommends "${missing[@]}" \
        </dev/null 3>&- 9>&- ||
        give_up "could not install ${missing[*]}"
    # Only the program is wanted, not a daemon on etcd's usual port.
    if [[ " ${missing[*]} " == *' etcd-server '* && -d /run/systemd/system ]]; then
        "${as_root[@]}" systemctl disable --now etcd || say 'note: could not stop the etcd service'
    fi
else
    say 'step 2 of 5: the packages for the build are installed'
fi

say 'step 3 of 5: fetching and unpacking the source'
mkdir "$work/download"
watched 'fetching the source' env -C "$work/download" \
    "${private_apt[@]}" source --only-source --download-only kubernetes ||
    give_up 'could not fetch the kubernetes source package.'
description=$(find "$work/download" -name '*.dsc' -print -quit)
# The vendored packages are found by their place in a GOPATH: the module files
# of this version are not complete enough for newer versions of Go.
source_dir=$work/gopath/src/k8s.io/kubernetes
mkdir -p "${source_dir%/*}"
# apt has checked the files against the signed lists already.
watched 'unpacking the source' dpkg-source --no-check -x "$description" "$source_dir" ||
    give_up 'could not unpack the kubernetes source package.'
[[ -d $source_dir/cmd/kube-apiserver ]] || give_up "the kubernetes source package has no kube-apiserver."

# The vendored 1.0.1 knows the insides of an older runtime: built with Go 1.18
# or later, the API server crashes on its first custom resource.
reflect2=/usr/share/gocode/src/github.com/modern-go/reflect2
[[ -d $reflect2 ]] || give_up "$reflect2 is missing; reinstall golang-github-modern-go-reflect2-dev."
rm -rf -- "$source_dir/vendor/github.com/modern-go/reflect2"
cp -rL -- "$reflect2" "$source_dir/vendor/github.com/modern-go/reflect2"

# Debian's Go of this release, whatever else may be first in PATH.
go=/usr/lib/go-1.19/bin/go
[[ -x $go ]] || go=/usr/bin/go
unset GOROOT GOOS GOARCH GOEXPERIMENT GOAMD64
export GO111MODULE=off GOENV=off GOFLAGS='' GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0
export GOPATH=$work/gopath GOCACHE=$work/gocache GOTMPDIR=$work/gotmp
mkdir "$GOTMPDIR"

# Debian's name for it, such as 1.20.5+really1.20.2: that says both what the
# package is called and what is in it, and is a valid semantic version.
upstream=$(sed -n 's/^Version: *//p' "$description" | head -n 1)
upstream=${upstream#*:}
upstream=${upstream%-*}
IFS=. read -r major minor _ <<<"$upstream"
ldflags='-s -w'
for package in component-base/version client-go/pkg/version; do
    name=k8s.io/kubernetes/vendor/k8s.io/$package
    ldflags+=" -X $name.gitVersion=v$upstream -X $name.gitMajor=$major -X $name.gitMinor=$minor"
    ldflags+=" -X $name.gitTreeState=archive"
done

kubernetes=k8s.io/kubernetes
programs=(kube-apiserver kubectl "$optional")
targets=("${programs[@]/#/$kubernetes/cmd/}")
# Cloud providers are of no use to a control plane on loopback.
build_flags=(-trimpath -tags providerless)
cd "$source_dir"

# The server's OpenAPI definitions are the one generated file that the source
# does not carry. They are made from all types marked for it that the server uses.
say 'step 4 of 5: generating the OpenAPI definitions of the server'
watched 'building the generator' "$go" build -o "$work/openapi-gen" \
    "$kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen" ||
    give_up 'could not build the OpenAPI generator of the kubernetes source.'
# One line for each file: its package, then its path.
# shellcheck disable=SC2016 # a Go template
"$go" list "${build_flags[@]}" -deps \
    -f '{{$package := .}}{{range .GoFiles}}{{$package.ImportPath}} {{$package.Dir}}/{{.}}{{"\n"}}{{end}}' \
    "$kubernetes/cmd/kube-apiserver" >"$work/server-files" ||
    give_up 'Go does not find all packages of the kubernetes source.'
inputs=$(
    while read -r package file; do
        if [[ $package == "$kubernetes"/* ]] && grep -q '+k8s:openapi-gen=' "$file"; then
            printf '%s\n' "$package"
        fi
    done <"$work/server-files" | sort -u | paste -s -d,
)
watched 'running the generator' "$work/openapi-gen" -i "$inputs" -p "$kubernetes/pkg/generated/openapi" \
    -O zz_generated.openapi -h /dev/null -o "$GOPATH/src" -r "$work/openapi-report" ||
    give_up 'could not generate the OpenAPI definitions of the server.'

parts=$("$go" list "${build_flags[@]}" -deps "${targets[@]}" | wc -l) ||
    give_up 'Go does not find all packages of the kubernetes source.'
say "step 5 of 5: compiling ${programs[*]} $upstream, $parts packages"
mkdir "$work/bin"
# Verbose, it prints one line for each package; linking comes after the last.
watched 'compiling' "$go" build -v "${build_flags[@]}" -ldflags "$ldflags" -o "$work/bin/" "${targets[@]}" ||
    give_up 'the build of the kubernetes source failed; the end of its output is above.'

cp -- "${programs[@]/#/$work/bin/}" "$stage/"
# A copy, so that the cache still works when the package is removed.
cp -L -- /usr/bin/etcd "$stage/etcd"
say "done; Kubernetes $upstream is in $cache/$debian_version"
publish "$debian_version"
