#!/usr/bin/env bash
# A throw-away control plane on loopback: etcd, an API server and (where there is one) the namespace and garbage
# collecting controllers. No nodes. The API server is kube-apiserver, or crd-front before a kube-apiserver of its own
# where hack/control-plane.sh gives that.
#
#   hack/cluster.sh up DIR      starts it; DIR then holds admin.kubeconfig, operator.kubeconfig and logs/
#   hack/cluster.sh down DIR    stops everything that "up" started
set -euo pipefail

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 64; }
[[ $# -eq 2 ]] || usage
action=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
hack=$(cd "$(dirname "$0")" && pwd)

down() {
    local file pid
    # The API server before its store.
    for file in "$dir"/pids/{controller-manager,front,apiserver,etcd}; do
        [[ -f $file ]] || continue
        pid=$(<"$file")
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 100); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null || true
        rm -f "$file"
    done
}

free_port() {
    # The kernel picks ports for connections from this range; the rest is for us. A port is free when nothing answers.
    local port
    for _ in $(seq 50); do
        port=$((20000 + RANDOM % 10000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    echo "no free port found" >&2
    return 1
}

certificate() { # name subject extensions
    openssl req -newkey rsa:2048 -nodes -keyout "$dir/pki/$1.key" -out "$dir/pki/$1.csr" -subj "$2" 2>/dev/null
    openssl x509 -req -in "$dir/pki/$1.csr" -CA "$dir/pki/ca.crt" -CAkey "$dir/pki/ca.key" -CAcreateserial -days 2 \
        -extfile <(printf '%s\n' "$3") -out "$dir/pki/$1.crt" 2>/dev/null
}

kubeconfig() { # name port
    cat >"$dir/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: local, cluster: {server: "https://127.0.0.1:$2", certificate-authority: $dir/pki/ca.crt}}]
users: [{name: $1, user: {client-certificate: $dir/pki/$1.crt, client-key: $dir/pki/$1.key}}]
contexts: [{name: local, context: {cluster: local, user: $1}}]
current-context: local
YAML
}

ready() { # kubeconfig log
    # A dead server may stay in the process table: ask it.
    for _ in $(seq 300); do
        "$assets/kubectl" --kubeconfig "$dir/$1.kubeconfig" get --raw /readyz >/dev/null 2>&1 && return
        sleep 0.2
    done
    echo "The API server did not become ready; the end of its log:" >&2
    tail -5 "$dir/logs/$2" >&2
    return 1
}

up() {
    command -v openssl >/dev/null || { echo "openssl is needed to make certificates; install it (Debian: apt-get install openssl)." >&2; exit 1; }
    local assets port core_port etcd_port peer_port front_proxy=()
    assets=$("$hack/control-plane.sh")
    mkdir -p "$dir"/{pki,pids,logs,etcd}
    port=$(free_port) core_port=$port etcd_port=$(free_port) peer_port=$(free_port)

    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=local-ca -keyout "$dir/pki/ca.key" -out "$dir/pki/ca.crt" 2>/dev/null
    openssl genrsa -out "$dir/pki/service-accounts.key" 2048 2>/dev/null
    certificate apiserver /CN=kube-apiserver $'subjectAltName=IP:127.0.0.1,IP:10.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth'
    certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
    # The account of config/rbac, as the API server would name its token's bearer.
    certificate operator "/O=system:serviceaccounts/O=system:serviceaccounts:kms-operator-system/O=system:authenticated/CN=system:serviceaccount:kms-operator-system:kms-operator" extendedKeyUsage=clientAuth
    kubeconfig admin "$port"
    kubeconfig operator "$port"
    if [[ -x $assets/crd-front ]]; then
        # kube-apiserver believes the front who a user is.
        core_port=$(free_port)
        certificate front-proxy /O=system:masters/CN=front-proxy extendedKeyUsage=clientAuth
        kubeconfig front-proxy "$core_port"
        front_proxy=(--requestheader-client-ca-file "$dir/pki/ca.crt" --requestheader-allowed-names front-proxy
            --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group
            --requestheader-extra-headers-prefix X-Remote-Extra-)
    fi

    "$assets/etcd" --data-dir "$dir/etcd" --log-level=error --unsafe-no-fsync \
        --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
        --listen-peer-urls "http://127.0.0.1:$peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" \
        --initial-cluster "default=http://127.0.0.1:$peer_port" >"$dir/logs/etcd" 2>&1 &
    echo $! >"$dir/pids/etcd"
    "$assets/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" --bind-address 127.0.0.1 --secure-port "$core_port" \
        --cert-dir "$dir/pki" --tls-cert-file "$dir/pki/apiserver.crt" --tls-private-key-file "$dir/pki/apiserver.key" \
        --client-ca-file "$dir/pki/ca.crt" --service-cluster-ip-range 10.0.0.0/24 --authorization-mode RBAC \
        --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$dir/pki/service-accounts.key" \
        --service-account-signing-key-file "$dir/pki/service-accounts.key" --disable-admission-plugins ServiceAccount \
        "${front_proxy[@]}" >"$dir/logs/apiserver" 2>&1 &
    echo $! >"$dir/pids/apiserver"

    if [[ -x $assets/crd-front ]]; then
        ready front-proxy apiserver
        "$assets/crd-front" --etcd-servers "http://127.0.0.1:$etcd_port" --secure-port "$port" \
            --tls-cert-file "$dir/pki/apiserver.crt" --tls-private-key-file "$dir/pki/apiserver.key" \
            --client-ca-file "$dir/pki/ca.crt" --core-kubeconfig "$dir/front-proxy.kubeconfig" >"$dir/logs/front" 2>&1 &
        echo $! >"$dir/pids/front"
        ready admin front
    else
        ready admin apiserver
    fi

    if [[ -x $assets/kube-controller-manager ]]; then
        "$assets/kube-controller-manager" --kubeconfig "$dir/admin.kubeconfig" --controllers namespace,garbagecollector \
            --leader-elect=false --bind-address 127.0.0.1 --secure-port "$(free_port)" --cert-dir "$dir/pki" \
            >"$dir/logs/controller-manager" 2>&1 &
        echo $! >"$dir/pids/controller-manager"
    fi
    echo "$assets" >"$dir/assets"
}

case $action in
    up)
        trap 'status=$?; [[ $status -eq 0 ]] || down' EXIT
        up
        ;;
    down) down ;;
    *) usage ;;
esac
