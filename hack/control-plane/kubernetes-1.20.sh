# shellcheck shell=bash
# Builds Kubernetes 1.20 from Debian's own source package, which still has the server. Sourced by ../control-plane.sh.
# It is the control plane where there is nothing newer, and the core server behind crd-front.

build_1_20() {
    local package missing as_root description source_dir reflect2 go upstream major minor ldflags name kubernetes
    local programs targets build_flags file inputs
    say 'building from the kubernetes source package of Debian, which takes some minutes'
    say "step 1 of 5: package lists, from the machine's own Debian entries"
    new_apt "$work/apt"
    # A suite of this Debian, by name or by the alias that it has had.
    split_sources "$work/apt/candidates" "^($debian_codename([-/].*)?|(old)*stable([-/].*)?)\$"
    update_apt "$work/apt" ||
        give_up "none of the machine's apt entries gives Debian $debian_codename with its sources."

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
            apt-get -q -c "$work/apt/apt.conf" -y install --no-install-recommends "${missing[@]}" \
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
        apt-get -q -c "$work/apt/apt.conf" source --only-source --download-only kubernetes ||
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
    go_environment "$work/gopath"

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
    say "Kubernetes $upstream is in $cache/$debian_version"
    keep "$debian_version"
}
