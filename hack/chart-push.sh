#!/usr/bin/env bash
# Pushes artifacts/kms-operator-VERSION.tgz to the OCI registry REGISTRY (such as ghcr.io/owner/charts), and signs it there. Needs helm 3.8 or later, and cosign.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${VERSION:-}
registry=$(tr '[:upper:]' '[:lower:]' <<<"${REGISTRY:-}")
[[ -n $registry ]] || { echo "REGISTRY is not set: where to push the chart to, such as ghcr.io/owner/charts." >&2; exit 64; }
file=${ARTIFACTS:-artifacts}/kms-operator-${version#v}.tgz
[[ -f $file ]] || { echo "There is no $file: run 'make release-files' first." >&2; exit 1; }

helm=$(hack/helm.sh)
found=$("$helm" version --template '{{.Version}}')
[[ $found =~ ^v([0-9]+)\.([0-9]+)\. ]] || { echo "$helm says version '$found', which is not one such as v3.8.0." >&2; exit 1; }
# Pushing to an OCI registry is an experiment in earlier ones, which is off.
if ((BASH_REMATCH[1] < 3 || (BASH_REMATCH[1] == 3 && BASH_REMATCH[2] < 8))); then
    echo "$helm is $found; pushing a chart needs helm 3.8 or later. Install one, or set HELM to one." >&2
    exit 1
fi

# helm says the digest on one stream or the other, depending on its version.
said=$("$helm" push "$file" "oci://$registry" 2>&1) || { echo "$said" >&2; exit 1; }
echo "$said"
digest=$(sed -n 's/^Digest: *\(sha256:[0-9a-f]\{64\}\).*/\1/p' <<<"$said" | head -1)
[[ -n $digest ]] || { echo "helm push named no digest, so the chart cannot be signed." >&2; exit 1; }
cosign sign --yes "$registry/kms-operator@$digest"
