#!/usr/bin/env bash
# The image's root file system without a container engine: the published executable, the libraries that the Dockerfile's base has (glibc and OpenSSL, from this
# machine), CA certificates, a user. Runs scenarios with the operator in a chroot with nothing else in it, and fails over 25 MB compressed.
# Needs root. Usage: hack/image-test.sh [CONFIGURATION], after make publish.
set -euo pipefail
cd "$(dirname "$0")/.."

configuration=${1:-Release}
limit_mb=25
user=1654
binary=artifacts/publish/kms-operator
[[ -x $binary ]] || { echo "There is no $binary: run make publish first." >&2; exit 1; }
[[ $(id -u) -eq 0 ]] || { echo "chroot needs root." >&2; exit 1; }

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
# A new directory is for its owner only, and the operator is somebody else.
chmod 755 "$root"
mkdir -p "$root/image/etc/ssl/certs"
install -m 755 "$binary" "$root/image/kms-operator"
echo "app:x:$user:$user::/:/none" >"$root/image/etc/passwd"
cp /etc/ssl/certs/ca-certificates.crt "$root/image/etc/ssl/certs/" 2>/dev/null || : >"$root/image/etc/ssl/certs/ca-certificates.crt"
# OpenSSL is loaded by name at run time, so ldd of the executable does not show it.
openssl=$(ldconfig -p | awk '/lib(ssl|crypto)\.so\.3 / { print $NF }' | sort -u)
[[ -n $openssl ]] || { echo "There is no OpenSSL 3 on this machine." >&2; exit 1; }
for library in $openssl $(for file in $binary $openssl; do ldd "$file" | grep -o '/[^ ]*'; done | sort -u); do
    install -D -m 755 "$library" "$root/image$library"
done

# What every container runtime adds to an image: without /dev/urandom .NET makes no ids.
mkdir "$root/image/dev"
mknod -m 666 "$root/image/dev/null" c 1 3
mknod -m 666 "$root/image/dev/urandom" c 1 9

bytes=$(tar -C "$root/image" --exclude ./dev -c . | gzip -9 | wc -c)
echo "root file system: $(find "$root/image" -type f | wc -l) files, $((bytes / 1000)) kB compressed (limit $limit_mb MB)"
[[ $bytes -le $((limit_mb * 1000 * 1000)) ]] || { echo "The image is too large." >&2; exit 1; }

chroot --userspec="$user:$user" "$root/image" /kms-operator --version
mkdir "$root/image/manifests"
cp examples/scenario-3-cross-account/*.yaml examples/scenario-1-all-services/key-class.yaml "$root/image/manifests/"
chroot --userspec="$user:$user" "$root/image" /kms-operator render -f /manifests --account 123456789012 | grep -q '"policy"'

# The tests start this in place of the operator.
cat >"$root/kms-operator" <<WRAPPER
#!/usr/bin/env bash
install -m 644 "\$KUBECONFIG" "$root/image/kubeconfig"
export KUBECONFIG=/kubeconfig
exec chroot --userspec=$user:$user "$root/image" /kms-operator "\$@"
WRAPPER
chmod 755 "$root/kms-operator"
KMS_OPERATOR_BINARY=$root/kms-operator dotnet test --no-build -c "$configuration" --project tests/KmsOperator.IntegrationTests -- \
    --filter-method "*Every_service_gets*" --filter-method "*A_class_with_a_role*" --filter-method "*A_multi_Region_key_gets_replicas*" --filter-method "*Metrics_move*"
