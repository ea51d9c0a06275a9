# shellcheck shell=dash
# A machine that nobody named, or that was named and waits: it tells what it is, shows it, and asks what comes next. It touches
# no disk. What comes next is always another boot: only a boot script starts a deployment.

HOLD_PAUSE=5

# The value of a key of the inventory, or "-".
told() { # KEY
    local value
    value=$(sed -n "s/^$1=//p" "$ND/inventory" | head -n 1)
    echo "${value:--}"
}

hold_show() {
    {
        printf '\r\n================ NetDeploy: this machine is held ================\r\n'
        printf 'MAC     %s\r\n' "$hold"
        printf 'is      %s, %s, serial %s\r\n' "$(told vendor)" "$(told product)" "$(told serial)"
        printf 'has     %s processors, %s MiB of memory, firmware %s\r\n' "$(told cpus)" "$(($(told memory | tr -cd 0-9) / 1048576))" "$(told firmware)"
        sed -n -e 's/^nic=/NIC     /p' -e 's/^disk=/disk    /p' "$ND/inventory" | sed 's/$/\r/'
        printf 'Nothing on its disks is touched. To take it in, at the server:\r\n'
        printf '        netdeploy adopt %s NAME --profile P --distro D --deploy\r\n\r\n' "$hold"
    } >&3
}

hold_tell() {
    inventory >"$ND/inventory"
    http 300 POST inventory "$ND/inventory" || { say "the inventory was not taken: $http_reason"; return 1; }
}

# An answer is a word and why.
hold_ask() {
    answer='' why=''
    http 60 GET state || return 1
    read -r answer why <"$ND/answer" || [ -n "$answer" ]
}

run_hold() {
    local answer why last=
    step=hold
    machine=$hold
    hold_tell && cat "$ND/inventory"
    hold_show
    while :; do
        if hold_ask; then
            [ "$why" = "$last" ] || say "$why"
            last=$why
            case $answer in
                wait) ;;
                inventory) hold_tell ;;
                reboot) hold_reboot ;;
                *) say "the server's answer '$(one_line "$answer")' is unknown to this environment ($(build_id)): netdeploy bootfiles build" ;;
            esac
        else
            [ "$http_reason" = "$last" ] || say "$http_reason"
            last=$http_reason
            # Its token is void, as after a restored store, or its address is another's: a new script brings a new one.
            case $http_status in
                403) sleep 60; hold_reboot ;;
            esac
        fi
        sleep "$HOLD_PAUSE"
    done
}

hold_reboot() {
    say "rebooting"
    sync
    reboot -f
    while :; do sleep 60; done
}
