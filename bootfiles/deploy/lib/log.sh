# shellcheck shell=dash
# What the operator and the log see, and how a deployment fails. Tokens pass through neither.

ND=/run/netdeploy
step=start
machine=
failing=

build_id() { cat /etc/netdeploy/build-id; }

# Whole seconds since the kernel started; wall clocks of blank hardware are wrong.
uptime_seconds() {
    local now
    read -r now _ </proc/uptime
    echo "${now%%.*}"
}

note() { printf '[%s] %s\n' "$(uptime_seconds)" "$*"; }

say() {
    note "$*"
    printf 'netdeploy: [%s] %s\r\n' "$(uptime_seconds)" "$*" >&3
}

# One line, printable, short: what may go into a report.
one_line() { printf '%s' "$*" | tr '\n\t' '  ' | tr -cd '\040-\176' | cut -c 1-500; }

# Of the tool that ran last.
last_words() { grep -v '^[[:space:]]*$' "$ND/output" | tail -n 1; }

# Runs a tool with its output in the log; where it fails, the deployment fails with the tool's last words.
must() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@" >"$ND/output" 2>&1; then
        cat "$ND/output"
        return 0
    fi
    cat "$ND/output"
    fail "$what: $(last_words)"
}

# As must, for a tool that may run longer than the server bears silence. What it writes is news, told twice a minute; one that
# hangs writes nothing, and is not taken for alive.
must_in_time() { # WHAT COMMAND...
    local what=$1 seconds=0 told=0 written tool
    shift
    rm -f "$ND/status.tool"
    : >"$ND/output"
    {
        "$@" >"$ND/output" 2>&1
        echo $? >"$ND/status.part"
        mv "$ND/status.part" "$ND/status.tool"
    } &
    tool=$!
    while sleep 1 && [ ! -e "$ND/status.tool" ]; do
        seconds=$((seconds + 1))
        [ $((seconds % ${news_seconds:-30})) -eq 0 ] || continue
        written=$(wc -l <"$ND/output")
        [ "$written" -gt "$told" ] || continue
        told=$written
        progress "$step" 0 "$what: $written lines so far"
    done
    wait "$tool"
    cat "$ND/output"
    [ "$(cat "$ND/status.tool")" = 0 ] || fail "$what: $(last_words)"
}

# Never returns: a machine whose deployment failed must not try again by itself, and must stay readable.
fail() { # REASON
    local reason
    reason=$(one_line "$*")
    if [ -z "$failing" ]; then
        failing=yes
        say "step $step failed: $reason"
        report_failed "$step" "$reason"
        upload_log
    fi
    wait_for_operator "step $step failed" "$reason"
}

wait_for_operator() { # WHAT REASON
    {
        printf '\r\n================ NetDeploy: %s ================\r\n' "$1"
        printf 'reason: %s\r\n' "$2"
        printf 'deployment %s of machine %s. This machine waits; it tries nothing again.\r\n' "${deployment:-?}" "${machine:-?}"
        printf 'next, at the server:  netdeploy show %s      (the log and the timeline)\r\n' "${machine:-NAME}"
        printf '              then:   netdeploy release %s   (and netdeploy deploy %s)\r\n' "${machine:-NAME}" "${machine:-NAME}"
    } >&3
    while :; do
        sleep 3600
    done
}
