# shellcheck shell=dash
# Hardware that the kernel found, and the NIC that booted.

# Modules for everything on the buses. A loaded controller shows new devices, hence the rounds.
load_modules() {
    local round before=0 now
    for round in 1 2 3 4 5; do
        find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u >"$ND/modalias"
        now=$(wc -l <"$ND/modalias")
        [ "$now" -ne "$before" ] || break
        before=$now
        note "coldplug round $round: $now aliases"
        xargs /bin/modprobe -a -b -q <"$ND/modalias"
    done
    # The front ends of a PV or PVH guest have no alias before their bus is up.
    [ ! -d /proc/xen ] && [ ! -e /sys/hypervisor/type ] || /bin/modprobe -a -q xen-netfront xen-blkfront
}

nic_with_mac() { # MAC
    local nic
    for nic in /sys/class/net/*; do
        [ -e "$nic/device" ] && [ "$(cat "$nic/address")" = "$1" ] && basename "$nic" && return 0
    done
    return 1
}

# The NICs to ask for an address on: the one that booted, or all where the loader did not say.
boot_nics() {
    local nic
    if [ -n "$boot_mac" ]; then
        nic_with_mac "$boot_mac"
        return
    fi
    for nic in /sys/class/net/*; do
        [ ! -e "$nic/device" ] || basename "$nic"
    done
}

network_up() {
    local nic pause=1 tries=0
    for nic in /sys/class/net/*; do
        ip link set "$(basename "$nic")" up
    done
    while :; do
        for nic in $(boot_nics); do
            # udhcpc stays in the background and renews.
            if udhcpc -i "$nic" -n -t 10 -T 1 -s /lib/netdeploy/udhcpc -p "$ND/udhcpc.pid" 3>&-; then
                say "network: $nic has $(ip -4 -o addr show dev "$nic" | awk '{ print $4; exit }')"
                return 0
            fi
        done
        tries=$((tries + 1))
        say "no address by DHCP yet on ${boot_mac:-any NIC} (found: $(for nic in /sys/class/net/*; do
            [ ! -e "$nic/device" ] || printf '%s %s ' "$(basename "$nic")" "$(cat "$nic/address")"; done)); try $tries"
        sleep "$pause"
        [ "$pause" -ge 8 ] || pause=$((pause * 2))
    done
}
