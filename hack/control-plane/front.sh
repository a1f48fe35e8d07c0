# shellcheck shell=bash
# Builds crd-front (../crd-front) with the API machinery of a current Kubernetes, and takes etcd and kubectl, from the
# packages of a newer suite of Debian. Sourced by ../control-plane.sh.
#
# The packages are unpacked into a folder: nothing is installed. Versions in that suite move, so whatever goes wrong
# here is a reason to go on with Kubernetes 1.20, and what was built is tried before it is kept.

# forky has no golang-k8s-apiextensions-apiserver-dev yet; it is for the day when sid has moved on.
readonly front_suites=(sid forky)
readonly front_source=$hack/crd-front

reason_no_front=''
front_version=''
front_apt=()
# Whether minutes were spent on it.
front_tried=''

no_front() {
    reason_no_front=$1
    return 1
}

# front_id: changes with what the front is built from, so that a change of it is built again.
front_id() { cat "$front_source"/{*.go,policy-kinds.yaml,packages.txt} | sha256sum | cut -c1-12; }

# front_packages SUITE: downloads what packages.txt names, with the compiler and the programs.
front_packages() {
    say "front, step 1 of 4: package lists of Debian $1, from the machine's own Debian entries"
    rm -rf -- "$work/front"
    mkdir -p "$work/front/debs"
    new_apt "$work/front/apt"
    : >"$work/front/apt/status"
    # With an empty list of what is installed, apt names all packages that a package needs.
    printf 'Dir::State::status "%s";\n' "$work/front/apt/status" >>"$work/front/apt/apt.conf"
    # For commands in the folder of the downloaded packages.
    front_apt=(env -C "$work/front/debs" APT_CONFIG="$work/front/apt/apt.conf")
    split_sources "$work/front/apt/candidates" "^($debian_codename|(old)*stable)\$" "$1"
    update_apt "$work/front/apt" || no_front "Debian $1 cannot be reached" || return 1

    local compiler listed
    compiler=$("${front_apt[@]}" apt-cache pkgnames golang-1. | grep -E '^golang-1\.[0-9]+-go$' | sort -V | tail -n 1) ||
        no_front "Debian $1 has no Go" || return 1
    readarray -t listed <"$front_source/packages.txt"
    say "front, step 2 of 4: fetching $((${#listed[@]} + 4)) packages"
    watched 'fetching the packages' "${front_apt[@]}" apt-get -q download "$compiler" "${compiler%-go}-src" etcd-server kubectl "${listed[@]}" ||
        no_front "Debian $1 does not have all packages of $front_source/packages.txt" || return 1
    front_unpack
}

# front_all_packages: what the listed packages need in turn, if the list is not enough any more.
front_all_packages() {
    local all
    readarray -t all < <("${front_apt[@]}" apt-get -s install --no-install-recommends golang-k8s-apiextensions-apiserver-dev golang-etcd-server-dev |
        awk '$1 == "Inst" && $2 ~ /^golang-/ { print $2 }')
    ((${#all[@]})) || no_front 'apt does not say what golang-k8s-apiextensions-apiserver-dev needs' || return 1
    say "the listed packages are not enough; fetching all ${#all[@]} that they need"
    watched 'fetching the packages' "${front_apt[@]}" apt-get -q download "${all[@]}" || no_front 'not all packages could be fetched' || return 1
    front_unpack
}

front_unpack() {
    local package
    for package in "$work"/front/debs/*.deb; do
        dpkg -x "$package" "$work/front/root" || no_front "could not unpack ${package##*/}" || return 1
    done
}

front_build() {
    local package minor name=k8s.io/component-base/version
    package=$(find "$work/front/debs" -name 'golang-k8s-apiextensions-apiserver-dev_*' -print -quit)
    # 0.36.4-1 has the API machinery of Kubernetes 1.36.4.
    front_version=$(dpkg-deb -f "$package" Version) || no_front 'the package of the API machinery has no version' || return 1
    front_version=1.${front_version#*.}
    front_version=${front_version%%[-+~]*}
    minor=${front_version#1.}
    minor=${minor%%.*}

    go_environment "$work/front/own:$work/front/root/usr/share/gocode"
    local go
    go=$(find "$work/front/root/usr/lib" -path '*/bin/go' -print -quit)
    export GOROOT=${go%/bin/go}
    mkdir -p "$work/front/own/src"
    cp -r -- "$front_source" "$work/front/own/src/crd-front"
    if ! "$go" list -deps crd-front >"$work/front/packages" 2>"$work/front/missing"; then
        front_all_packages || return 1
        "$go" list -deps crd-front >"$work/front/packages" 2>"$work/front/missing" ||
            no_front "Go does not find all packages: $(head -n 1 "$work/front/missing")" || return 1
    fi

    parts=$(wc -l <"$work/front/packages")
    front_tried=1
    say "front, step 3 of 4: compiling crd-front with the API machinery of Kubernetes $front_version, $parts packages"
    watched 'compiling' "$go" build -v -trimpath -o "$stage/crd-front" \
        -ldflags "-s -w -X $name.gitVersion=v$front_version -X $name.gitMajor=1 -X $name.gitMinor=$minor" crd-front ||
        no_front "crd-front does not compile with the API machinery of Kubernetes $front_version" || return 1
    parts=''
    unset GOROOT
}

# front_programs DIRECTORY: the other programs beside it, and the core server from DIRECTORY. core/ is a whole control
# plane of the older version, for tests of just that one.
front_programs() {
    cp -- "$work/front/root/usr/bin/"{etcd,kubectl} "$stage/" || no_front 'a program is not in its package' || return 1
    mkdir -p "$stage/core"
    # Links: a copy would take 300 MB more.
    cp -lf -- "$1"/* "$stage/core/" 2>/dev/null || cp -- "$1"/* "$stage/core/" || no_front 'the core server could not be copied' || return 1
    ln -sf core/kube-apiserver core/"$optional" "$stage/"
}

# front_try: starts it all, and asks for what a server without CEL cannot do.
front_try() {
    local kubectl status=0
    say 'front, step 4 of 4: trying it'
    mkdir "$work/try"
    kubectl=("$stage/kubectl" "--kubeconfig=$work/try/admin.kubeconfig")
    if ! KUBEBUILDER_ASSETS=$stage "$hack/cluster.sh" up "$work/try" 3>&- 9>&-; then
        no_front 'the servers do not start together'
        return 1
    fi
    {
        "${kubectl[@]}" create -f "$front_source/try/definition.yaml" &&
            "${kubectl[@]}" wait --for=condition=Established crd/tries.example.org --timeout=30s &&
            "${kubectl[@]}" create -f "$front_source/try/right.yaml" &&
            ! "${kubectl[@]}" create -f "$front_source/try/wrong.yaml" 2>"$work/try/refusal" &&
            grep -q 'small is at most large' "$work/try/refusal"
    } || status=1
    "$hack/cluster.sh" down "$work/try"
    ((status == 0)) || no_front 'the server that was built does not evaluate CEL' || return 1
}

# build_front DIRECTORY: fills $stage; false, with the reason, if that cannot be done.
build_front() {
    local suite found='' reasons=()
    for suite in "${front_suites[@]}"; do
        if front_packages "$suite"; then
            found=1
            break
        fi
        reasons+=("$reason_no_front")
    done
    if [[ -z $found ]]; then
        reason_no_front=$(IFS=,; printf '%s' "${reasons[*]}")
        return 1
    fi
    front_build && front_programs "$1" && front_try
}
