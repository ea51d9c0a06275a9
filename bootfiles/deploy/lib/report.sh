# shellcheck shell=dash
# How a deployment ends: a report, the log, and the installed system's own first report.

report_failed() { # STEP REASON
    [ -n "$deployment" ] || return 0
    printf 'step=%s\nreason=%s\n' "$1" "$2" >"$ND/failed"
    http 120 POST failed "$ND/failed" || say "the failure could not be reported: $http_reason"
}

# The kernel's log holds its command line, and with it the token.
without_tokens() {
    local secret script=''
    for secret in "$token" "$first_boot_token"; do
        [ -z "$secret" ] || script="$script;s/$secret/(token)/g"
    done
    sed "$script"
}

# The end of the log matters: where it is longer than 4 MiB, that is what goes.
upload_log() {
    [ -n "$deployment" ] || return 0
    { echo '--- kernel'; dmesg; echo '--- environment'; cat "$ND/log"; } 2>&1 | without_tokens | tail -c 4194304 >"$ND/log.upload"
    http 60 POST log "$ND/log.upload" || note "the log could not be uploaded: $http_reason"
}

first_boot_token=

step_first_boot() { # URL TOKEN
    local address=$1
    begin step_first_boot
    needs_target
    first_boot_token=$2
    # The address of the boot listener, or the whole address of the report.
    case $address in
        */installed) ;;
        *) address=${address%/}/deploy/$deployment/installed ;;
    esac
    mkdir -p "$TARGET/etc/netdeploy" "$TARGET/usr/local/sbin" "$TARGET/etc/systemd/system/multi-user.target.wants"
    printf '%s\n' "$deployment" >"$TARGET/etc/netdeploy/deployment"
    printf '%s\n' "$address" >"$TARGET/etc/netdeploy/first-boot.url"
    (umask 077 && printf '%s\n' "$2" >"$TARGET/etc/netdeploy/first-boot.token") || fail "cannot write the first boot's token"
    [ -x "$TARGET/bin/bash" ] || fail "the image has no bash: the report of the first boot needs it"
    must "cannot install the first boot's report" cp /lib/netdeploy/first-boot/netdeploy-first-boot "$TARGET/usr/local/sbin/"
    must "cannot install the first boot's unit" cp /lib/netdeploy/first-boot/netdeploy-first-boot.service "$TARGET/etc/systemd/system/"
    must "cannot enable the first boot's unit" ln -sf ../netdeploy-first-boot.service \
        "$TARGET/etc/systemd/system/multi-user.target.wants/netdeploy-first-boot.service"
}

step_finish() {
    begin step_finish
    needs_target
    unmount_target
    # From what lies on top down to the disks.
    close_encrypted upper
    must "cannot stop the volume groups" /bin/lvm vgchange -an -q
    close_encrypted lower
    stop_arrays
    sync
    {
        [ "$(firmware_kind)" = bios ] || echo "bootorder=$(boot_order)"
        echo "seconds=$(uptime_seconds)"
    } >"$ND/written"
    upload_log
    http 600 POST written "$ND/written" || fail "the system is on the disk, but the server took no report of it: $http_reason"
    say "written in $(uptime_seconds) s; rebooting"
    sync
    reboot -f
    # The reboot is on its way; no plan goes on behind this line.
    while :; do sleep 60; done
}
