# shellcheck shell=bash
# What both builds need of Debian: packages by way of a private apt, and long commands that say that they still run.
# Sourced by ../control-plane.sh.

readonly debian_codename=bookworm

# new_apt DIRECTORY: apt gets package lists, caches and sources of its own. The machine's may lack what is needed, and
# must not change. Hooks that run after an update are for the machine's lists.
new_apt() {
    mkdir -p "$1"/{candidates,sources.list.d,lists/partial,cache/archives/partial}
    cat >"$1/apt.conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets::deb::Contents-deb;
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$1/sources.list.d";
Dir::State::Lists "$1/lists";
Dir::Cache "$1/cache";
APT::Sandbox::User "$(id -un)";
APT::Get::List-Cleanup "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
CONF
}

# split_sources DIRECTORY SUITES [SUITE]: writes the machine's entries for suites whose name matches a pattern into
# DIRECTORY, one file for each suite of each entry: each is tried alone, so that one that does not work cannot hurt the
# rest. They are for packages and sources; with SUITE, for the packages of that suite of the same archive instead.
split_sources() {
    local out=$1/ suites=$2 instead=${3-}
    shopt -s nullglob
    local lists=(/etc/apt/sources.list.d/*.list) stanzas=(/etc/apt/sources.list.d/*.sources)
    shopt -u nullglob
    if [[ -f /etc/apt/sources.list ]]; then lists+=(/etc/apt/sources.list); fi

    if ((${#lists[@]})); then
        awk -v out="$out" -v suites="$suites" -v instead="$instead" '
            $1 == "deb" {
                sub(/#.*/, "")
                rest = $0
                sub(/^[ \t]*deb[ \t]+/, "", rest)
                plain = rest
                sub(/^\[[^]]*\][ \t]*/, "", plain) # options come before the address
                options = substr(rest, 1, length(rest) - length(plain))
                split(plain, word)
                if (word[1] ~ /^cdrom:/ || word[2] !~ suites) next
                file = sprintf("%sline-%02d.list", out, ++count)
                if (instead != "") print "deb " options word[1] " " instead " main" >file
                else print "deb " rest "\ndeb-src " rest >file
                close(file)
            }' "${lists[@]}"
    fi
    if ((${#stanzas[@]})); then
        # Comment lines may stand inside a stanza and do not end it; the blank
        # line after each file does.
        awk -v out="$out" -v suites="$suites" -v instead="$instead" '
            function end_of_stanza(   i, n, name, file) {
                if (types ~ /(^|[ \t])deb([ \t]|$)/ && enabled) {
                    n = split(names, name)
                    for (i = 1; i <= n; i++) {
                        if (name[i] !~ suites) continue
                        file = sprintf("%sstanza-%02d.sources", out, ++count)
                        if (instead != "") print "Types: deb\nSuites: " instead "\n" other >file
                        else print "Types: deb deb-src\nSuites: " name[i] "\n" other >file
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

# update_apt DIRECTORY: takes those of the entries in candidates/ that work; false if there is none.
update_apt() {
    local candidate usable=0
    for candidate in "$1"/candidates/*; do
        [[ -f $candidate ]] || continue
        say "trying entry ${candidate##*/}"
        if apt-get -q -c "$1/apt.conf" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::SourceList="$candidate" \
            update >"$work/apt.log" 2>&1 </dev/null 3>&- 9>&-; then
            mv -- "$candidate" "$1/sources.list.d/"
            usable=$((usable + 1))
        else
            say "leaving out an entry that does not work: $(grep -m1 '^[EW]:' "$work/apt.log" || true)"
        fi
    done
    ((usable))
}

# Both builds are in GOPATH mode, without a network, and with nothing of the caller's.
go_environment() {
    unset GOROOT GOOS GOARCH GOEXPERIMENT GOAMD64
    export GO111MODULE=off GOENV=off GOFLAGS='' GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0
    export GOPATH=$1 GOCACHE=$work/gocache GOTMPDIR=$work/gotmp
    mkdir -p "$GOTMPDIR"
}

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
