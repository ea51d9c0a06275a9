# shellcheck shell=dash
# Requests to the boot listener. busybox wget cannot show the body of an answer that is not 2xx, and that body is
# the reason the operator reads; so texts go through nc with a request of HTTP/1.0 (no chunks, the server closes).

http_status=
http_reason=

# The kernel command line says whom to ask. It holds the token: it is never logged.
read_kernel_command_line() {
    local word
    url='' deployment='' hold='' token='' boot_mac=''
    # Split into words without expanding a glob in them.
    set -f
    # shellcheck disable=SC2013  # words, not lines
    for word in $(cat /proc/cmdline); do
        case $word in
            netdeploy.url=*) url=${word#*=} ;;
            netdeploy.deployment=*) deployment=${word#*=} ;;
            netdeploy.hold=*) hold=${word#*=} ;;
            netdeploy.token=*) token=${word#*=} ;;
            BOOTIF=01-*) boot_mac=$(echo "${word#BOOTIF=01-}" | tr 'A-F-' 'a-f:') ;;
        esac
    done
    set +f
    url=${url%/}
    case $url in
        http://*:*) ;;
        *) wait_for_operator "cannot start" "netdeploy.url=http://ADDRESS:PORT is missing on the kernel command line" ;;
    esac
    [ -n "$deployment$hold" ] && [ -n "$token" ] || \
        wait_for_operator "cannot start" "netdeploy.deployment or netdeploy.token is missing on the kernel command line"
    # A machine without a deployment asks by its MAC, and has a token that opens nothing else.
    http_base=/deploy/$deployment
    [ -z "$hold" ] || http_base=/hold/$hold
    http_host=${url#http://}
    http_port=${http_host##*:}
    http_host=${http_host%:*}
}

# One exchange. Sets http_status and http_reason, leaves the body in $ND/answer; fails where no whole answer came.
http_once() { # SECONDS METHOD PATH [BODY-FILE]
    local body=${4:-/dev/null} length head_length writer
    http_status=
    http_reason="no answer from $url"
    length=0
    [ "$body" = /dev/null ] || length=$(stat -c %s "$body")
    {
        printf '%s %s/%s HTTP/1.0\r\nHost: %s:%s\r\nAuthorization: Bearer %s\r\n' \
            "$2" "$http_base" "$3" "$http_host" "$http_port" "$token"
        printf 'Content-Type: text/plain; charset=utf-8\r\nContent-Length: %s\r\nConnection: close\r\n\r\n' "$length"
        cat "$body"
    } >"$ND/request"
    # The request stays open behind its last byte: a half-closed connection looks like an abort to some servers.
    [ -p "$ND/pipe" ] || mkfifo -m 600 "$ND/pipe"
    exec 4<>"$ND/pipe"
    cat "$ND/request" >&4 &
    writer=$!
    timeout -s KILL "$1" nc "$http_host" "$http_port" <"$ND/pipe" >"$ND/response" 4>&- 3>&-
    kill "$writer" 2>/dev/null
    wait "$writer" 2>/dev/null
    exec 4>&-
    rm -f "$ND/pipe" "$ND/request"

    head_length=$(awk '{ n += length($0) + 1 } /^\r?$/ { print n; exit }' "$ND/response")
    [ -n "$head_length" ] || return 1
    tail -c "+$((head_length + 1))" "$ND/response" >"$ND/answer"
    length=$(head -c "$head_length" "$ND/response" | tr -d '\r' \
        | sed -n 's/^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Ll][Ee][Nn][Gg][Tt][Hh]: *//p')
    [ -z "$length" ] || [ "$length" -eq "$(stat -c %s "$ND/answer")" ] || return 1
    read -r _ http_status http_reason <"$ND/response"
    case $http_status in
        2??) ;;
        *) http_reason="the server answered $http_status: $(one_line "$(head -n 1 "$ND/answer")")" ;;
    esac
}

# An exchange, repeated with back-off until LIMIT seconds have passed. An answer that says no is not repeated.
http() { # LIMIT METHOD PATH [BODY-FILE]
    local deadline pause=1
    deadline=$(($(uptime_seconds) + $1))
    shift
    while :; do
        if http_once 30 "$@"; then
            case $http_status in
                2??) return 0 ;;
                408 | 425 | 429 | 5??) ;;
                *) return 22 ;;
            esac
        fi
        note "$1 $2: $http_reason; again in $pause s"
        [ $(($(uptime_seconds) + pause)) -lt "$deadline" ] || return 1
        sleep "$pause"
        [ "$pause" -ge 8 ] || pause=$((pause * 2))
    done
}
