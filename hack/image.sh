#!/usr/bin/env bash
# Builds the image; needs docker with buildx.
#
#   hack/image.sh build      for this machine's platform, into the local engine, as kms-operator:dev
#   hack/image.sh release    for this machine's platform, pushed to IMAGE by digest, with SBOM and provenance; artifacts/image-ARCH.json says the digest,
#                            artifacts/kubectl-kms-linux-ARCH.tar.gz is the image's executable as a plugin of kubectl.
#                            Run it on a machine of each platform: the .NET SDK does not work under QEMU.
#   hack/image.sh manifest   joins what artifacts/image-*.json name under IMAGE:VERSION; artifacts/image-digest holds the digest of the whole
#
# IMAGE without a tag, VERSION with or without a leading v, SOURCE (the repository's address) and ARTIFACTS (artifacts) come from the environment.
set -euo pipefail
cd "$(dirname "$0")/.."
artifacts=${ARTIFACTS:-artifacts}

usage() { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 64; }
[[ $# -eq 1 ]] || usage

version=${VERSION:-0.1.0}
version=${version#v}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
mkdir -p "$artifacts"

need_release() {
    # Registries take lower case only, and the name of a repository may have both.
    image=$(tr '[:upper:]' '[:lower:]' <<<"${IMAGE:-}")
    [[ $image =~ ^[a-z0-9.:-]+(/[a-z0-9._-]+)+$ ]] || { echo "IMAGE: '$image' is not a registry and a repository, such as ghcr.io/owner/repo." >&2; exit 64; }
    [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || { echo "VERSION: '$version' is not a version such as 1.2.3 or 1.2.3-rc.1." >&2; exit 64; }
}

# A tag may be moved; what a release is built from and on is written down by digest, in the image's provenance and labels.
pinned() { # name of the build argument
    local reference digest
    reference=$(sed -n "s/^ARG $1=//p" Dockerfile)
    digest=$(docker buildx imagetools inspect "$reference" --format '{{.Manifest.Digest}}')
    [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "$reference: the registry named no digest but '$digest'; nothing is built from a tag alone." >&2; exit 1; }
    echo "$reference@$digest"
}

digest_in() { # file that buildx wrote
    local digest
    digest=$(sed -n 's/.*"containerimage.digest": *"\(sha256:[0-9a-f]\{64\}\)".*/\1/p' "$1" | head -1)
    [[ -n $digest ]] || { echo "$1 names no digest." >&2; exit 1; }
    echo "$digest"
}

case $1 in
    build)
        docker buildx build --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --load --tag kms-operator:dev .
        ;;
    release)
        need_release
        case $(uname -m) in
            x86_64) arch=amd64 ;;
            aarch64 | arm64) arch=arm64 ;;
            *) echo "There is no image for $(uname -m)." >&2; exit 1 ;;
        esac
        # Not in the arguments below: a failure there would go unnoticed.
        sdk=$(pinned SDK)
        base=$(pinned BASE)
        docker buildx build --platform "linux/$arch" \
            --build-arg "SDK=$sdk" --build-arg "BASE=$base" \
            --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-arg "SOURCE=${SOURCE:-}" \
            --sbom=true --provenance=mode=max --metadata-file "$artifacts/image-$arch.json" \
            --output "type=image,name=$image,push-by-digest=true,name-canonical=true,push=true" .
        digest=$(digest_in "$artifacts/image-$arch.json")
        work=$(mktemp -d)
        trap 'rm -rf "$work"' EXIT
        container=$(docker create "$image@$digest")
        docker cp "$container:/kms-operator" "$work/kms-operator"
        docker rm "$container" >/dev/null
        cp LICENSE "$work/"
        tar -czf "$artifacts/kubectl-kms-linux-$arch.tar.gz" -C "$work" kms-operator LICENSE
        echo "$image@$digest"
        ;;
    manifest)
        need_release
        parts=()
        for arch in amd64 arm64; do
            [[ -f $artifacts/image-$arch.json ]] || { echo "There is no $artifacts/image-$arch.json: run 'make image-release' on a machine of that platform." >&2; exit 1; }
            part=$(digest_in "$artifacts/image-$arch.json")
            parts+=("$image@$part")
        done
        docker buildx imagetools create --tag "$image:$version" "${parts[@]}"
        digest=$(docker buildx imagetools inspect "$image:$version" --format '{{.Manifest.Digest}}')
        [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "$image:$version: the registry named no digest but '$digest'." >&2; exit 1; }
        echo "$digest" >"$artifacts/image-digest"
        echo "$image:$version@$digest"
        ;;
    *) usage ;;
esac
