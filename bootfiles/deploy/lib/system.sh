# shellcheck shell=dash
# Files, services and scripts in the target.

# What programs in the target need while they run there: devices, /proc, a /run of their own with name servers.
prepare_target() {
    local directory
    for directory in dev proc sys run tmp; do
        mkdir -p "$TARGET/$directory"
    done
    must "cannot bind /dev" mount -o bind /dev "$TARGET/dev"
    must "cannot bind /dev/pts" mount -o bind /dev/pts "$TARGET/dev/pts"
    must "cannot mount /proc" mount -t proc proc "$TARGET/proc"
    must "cannot mount /sys" mount -t sysfs -o ro sysfs "$TARGET/sys"
    must "cannot mount /run" mount -t tmpfs -o mode=0755 tmpfs "$TARGET/run"
    mkdir -p "$TARGET/run/lock" "$TARGET/run/systemd/resolve"
    [ ! -f "$ND/resolv.conf" ] || cp "$ND/resolv.conf" "$TARGET/run/systemd/resolve/stub-resolv.conf"
    [ ! -f "$ND/resolv.conf" ] || cp "$ND/resolv.conf" "$TARGET/run/systemd/resolve/resolv.conf"
}

# An image holds no identity. Without this file systemd, whose root is read-only when it looks, goes without one, and
# networkd then has no client identifier for DHCP; with the word "uninitialized" it would preset all services anew.
write_machine_id() {
    rm -f "$TARGET/etc/machine-id" "$TARGET/var/lib/dbus/machine-id"
    tr -d '-' </proc/sys/kernel/random/uuid >"$TARGET/etc/machine-id" || fail "cannot write /etc/machine-id$(disk_full)"
    chmod 444 "$TARGET/etc/machine-id"
}

# A program of the target, by its absolute path: busybox would run its own applet for a bare name.
in_target() {
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive LVM_SUPPRESS_FD_WARNINGS=1 chroot "$TARGET" "$@"
}

needs_target() { [ -n "$unpacked" ] || fail "the plan configures the target before step_unpack"; }

# A path of the plan is absolute and stays below the target.
needs_path() {
    case $1 in
        */../* | */..) fail "a path with '..': $1" ;;
        /*) ;;
        *) fail "not an absolute path: $1" ;;
    esac
}

step_file() { # PATH MODE OWNER CONTENT
    step="step_file $1"
    needs_target
    needs_path "$1"
    mkdir -p "$TARGET${1%/*}" || fail "cannot make the folder of $1"
    rm -f "$TARGET$1"
    # Never readable by others, not for a moment: the content may be a secret.
    (umask 077 && printf '%s' "$4" >"$TARGET$1") || fail "cannot write $1$(disk_full)"
    case $3 in
        '' | root | root:root | 0:0) ;;
        *) must "cannot give $1 to $3" in_target /bin/chown "$3" "$1" ;;
    esac
    must "cannot set the mode of $1" chmod "$2" "$TARGET$1"
}

step_link() { # PATH TO
    step="step_link $1"
    needs_target
    needs_path "$1"
    mkdir -p "$TARGET${1%/*}"
    must "cannot link $1" ln -sfn "$2" "$TARGET$1"
}

step_service() { # NAME enable|disable|mask
    begin step_service "$2 $1"
    needs_target
    case $2 in
        enable | disable | mask) must "cannot $2 $1" in_target /bin/systemctl "$2" "$1" ;;
        *) fail "unknown action '$2' for service $1" ;;
    esac
}

# policy-rc.d keeps packages from starting services in the target while a script installs them.
step_script() { # NAME CONTENT
    local policy=$TARGET/usr/sbin/policy-rc.d
    begin step_script "$1"
    needs_target
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        : >"$ND/policy-made"
    fi
    (umask 077 && printf '%s' "$2" >"$TARGET/run/netdeploy-script") || fail "cannot write the script $1"
    chmod 700 "$TARGET/run/netdeploy-script"
    case $2 in
        '#!'*) must_in_time "script $1" in_target /run/netdeploy-script ;;
        *) must_in_time "script $1" in_target /bin/sh -eu /run/netdeploy-script ;;
    esac
    rm -f "$TARGET/run/netdeploy-script"
    [ ! -e "$ND/policy-made" ] || rm -f "$policy" "$ND/policy-made"
}
