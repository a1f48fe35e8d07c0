#!/usr/bin/env bash
# Writes the table of values in the chart's README from values.yaml: a comment that begins with -- describes the key after it.
# With --check it only says whether the table is right. Usage: hack/chart-docs.sh [--check] [DIRECTORY OF THE CHART]
set -euo pipefail
check=
[[ ${1:-} != --check ]] || { check=1; shift; }
cd "${1:-$(dirname "$0")/../charts/kms-operator}"

table() {
    awk '
        BEGIN { print "| value | default | meaning |"; print "|---|---|---|" }
        /^ *# -- / { text = $0; sub(/^ *# -- /, "", text); next }
        /^ *[A-Za-z_]+:/ {
            depth = match($0, /[^ ]/) - 1; key = $1; sub(/:$/, "", key); path[depth / 2] = key
            name = path[0]; for (i = 1; i <= depth / 2; i++) name = name "." path[i]
            value = $0; sub(/^ *[A-Za-z_]+: */, "", value)
            if (text != "") { row(); described = depth; pending = name; meaning = text; shown = value; members = ""; nested = 0; text = "" }
            # What follows without a description of its own is the default of this one.
            else if (pending != "" && depth > described) { if (value == "") nested = 1; members = members (members == "" ? "" : ", ") key ": " value }
            else { row() }
        }
        function row() {
            if (pending == "") return
            # A value of one level is shown whole; one whose members have rows of their own is shown by those.
            d = nested ? "see values.yaml" : members != "" ? "`{" members "}`" : shown != "" ? "`" shown "`" : "see below"
            print "| `" pending "` | " d " | " meaning " |"
            pending = ""
        }
        END { row() }' values.yaml
}

updated=$(mktemp)
trap 'rm -f "$updated"' EXIT
{
    sed '/<!-- values -->/q' README.md
    table
    sed -n '/<!-- \/values -->/,$p' README.md
} >"$updated"
if [[ -n $check ]]; then
    diff -u README.md "$updated" || { echo "charts/kms-operator/README.md is not up to date: run 'make chart-docs'" >&2; exit 1; }
else
    cat "$updated" >README.md
fi
