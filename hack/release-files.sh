#!/usr/bin/env bash
# Writes what a release consists of besides the image: artifacts/kms-operator-VERSION.tgz, artifacts/crds.yaml, artifacts/install.yaml (namespace, CRDs, roles, operator),
# and artifacts/kms.yaml, krew's manifest for the archives that 'make image-release' wrote.
# The chart's version, appVersion, default image and links are those of the release, so that neither needs a value to be installed.
# From the environment: VERSION (a leading v is dropped), IMAGE (registry and repository), DIGEST (or artifacts/image-digest), SOURCE (the repository's address),
# REGISTRY (where the chart will be; by default charts/ beside the image), ARTIFACTS (artifacts).
set -euo pipefail
cd "$(dirname "$0")/.."

version=${VERSION:-}
version=${version#v}
image=$(tr '[:upper:]' '[:lower:]' <<<"${IMAGE:-}")
registry=$(tr '[:upper:]' '[:lower:]' <<<"${REGISTRY:-${image%/*}/charts}")
artifacts=${ARTIFACTS:-artifacts}
digest=${DIGEST:-$(cat "$artifacts/image-digest" 2>/dev/null || true)}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || { echo "VERSION: '$version' is not a version such as 1.2.3 or 1.2.3-rc.1." >&2; exit 64; }
[[ $image =~ ^[a-z0-9.:-]+(/[a-z0-9._-]+)+$ ]] || { echo "IMAGE: '$image' is not a registry and a repository, such as ghcr.io/owner/repo." >&2; exit 64; }
[[ $registry =~ ^[a-z0-9.:-]+(/[a-z0-9._-]+)+$ ]] || { echo "REGISTRY: '$registry' is not a registry and a path, such as ghcr.io/owner/charts." >&2; exit 64; }
[[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "DIGEST: '$digest' is not the digest of an image (sha256:...); 'make image-manifest' writes it to artifacts/image-digest." >&2; exit 64; }
for arch in amd64 arm64; do
    [[ -f $artifacts/kubectl-kms-linux-$arch.tar.gz ]] || { echo "There is no $artifacts/kubectl-kms-linux-$arch.tar.gz: 'make image-release' on a machine of that platform writes it." >&2; exit 1; }
done

helm=$(hack/helm.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chart=$work/kms-operator
cp -r charts/kms-operator "$chart"
cp LICENSE "$chart/"

replace() { # file, sed's expression; fails where there is nothing to replace
    local before
    before=$(<"$1")
    sed -i "$2" "$1"
    [[ $(<"$1") != "$before" ]] || { echo "$1: nothing matches $2" >&2; exit 1; }
}
replace "$chart/values.yaml" "s#^  registry: .*#  registry: ${image%%/*}#"
replace "$chart/values.yaml" "s#^  repository: .*#  repository: ${image#*/}#"
replace "$chart/values.yaml" "s#^  digest: .*#  digest: $digest#"
replace "$chart/Chart.yaml" "s#image: kms-operator:.*#image: $image:$version@$digest#"
replace "$chart/README.md" "s#oci://ghcr.io/OWNER/charts/kms-operator --version VERSION#oci://$registry/kms-operator --version $version#"
if [[ -n ${SOURCE:-} ]]; then
    for file in Chart.yaml values.yaml README.md; do
        replace "$chart/$file" "s#https://github.com/OWNER/REPO#$SOURCE#g"
    done
    # Runbooks as they were at this version.
    replace "$chart/values.yaml" "s#$SOURCE/blob/main#$SOURCE/blob/v$version#"
fi
hack/chart-docs.sh "$chart"

mkdir -p "$artifacts"
"$helm" package "$chart" --version "$version" --app-version "$version" --destination "$artifacts" >&2
render() { "$helm" template kms-operator "$artifacts/kms-operator-$version.tgz" --namespace kms-operator-system "$@"; }
render --show-only templates/crds.yaml >"$artifacts/crds.yaml"
# helm install makes the namespace when asked to; here it has to be in the file, before what is in it.
{ cat config/rbac/namespace.yaml; render --skip-tests; } >"$artifacts/install.yaml"

plugin=$artifacts/kms.yaml
cp config/krew/kms.yaml "$plugin"
sed -i '/^#/d' "$plugin"
replace "$plugin" "s#vVERSION#v$version#g"
[[ -z ${SOURCE:-} ]] || replace "$plugin" "s#https://github.com/OWNER/REPO#$SOURCE#g"
for arch in amd64 arm64; do
    sum=$(sha256sum "$artifacts/kubectl-kms-linux-$arch.tar.gz")
    replace "$plugin" "/kubectl-kms-linux-$arch/,/sha256:/s#sha256: .*#sha256: \"${sum%% *}\"#"
done
ls -l "$artifacts/kms-operator-$version.tgz" "$artifacts/crds.yaml" "$artifacts/install.yaml" "$plugin" >&2
