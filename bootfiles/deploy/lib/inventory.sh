# shellcheck shell=dash
# What this machine is: read from /sys and /proc, sent before the plan is asked for.

firmware_kind() { if [ -d /sys/firmware/efi ]; then echo uefi; else echo bios; fi; }

# The data of an EFI variable, without the four bytes of attributes.
efi_variable() { # NAME, of the global GUID
    tail -c +5 "/sys/firmware/efi/efivars/$1-8be4df61-93ca-11d2-aa0d-00e098032b8c" 2>/dev/null
}

secure_boot() {
    [ "$(firmware_kind)" = uefi ] || { echo none; return; }
    case $(efi_variable SecureBoot | od -An -tu1 | tr -d ' ') in
        1) echo on ;;
        0) echo off ;;
        *) echo none ;;
    esac
}

# Before the claim: the disk of a machine that could not start the new system keeps what it has.
step_require_secure_boot_off() { # REASON
    begin step_require_secure_boot_off
    [ "$(secure_boot)" != on ] || fail "$1, and this machine has Secure Boot on: switch it off in the firmware setup"
}

# As four hexadecimal digits each, first one first.
boot_order() { efi_variable BootOrder | od -An -v -tx2 -w2 | tr -d ' ' | tr '\n' ' ' | tr a-f A-F | sed 's/ $//'; }

# The first line of a file in /sys, or nothing.
value_of() { # FILE
    local value=
    [ ! -r "$1" ] || IFS= read -r value <"$1" 2>/dev/null
    printf '%s' "$value" | tr -cd '\040-\176' | sed 's/^ *//; s/ *$//'
}

# One word for a list: blanks become "_", nothing becomes "-".
word_of() { # VALUE
    local value
    value=$(printf '%s' "$1" | tr -s ' \t' '__')
    echo "${value:--}"
}

link_name() { # LINK
    local target
    target=$(readlink "$1") && echo "${target##*/}"
}

inventory_nics() {
    local nic driver bus link
    for nic in /sys/class/net/*; do
        [ -e "$nic/device" ] || continue
        driver=$(link_name "$nic/device/driver")
        bus=$(link_name "$nic/device")
        link=down
        [ "$(cat "$nic/carrier" 2>/dev/null)" != 1 ] || link=up
        echo "nic=${nic##*/} $(cat "$nic/address") ${driver:--} ${bus:--} $link"
    done
}

inventory_disks() {
    local disk
    for disk in $(disk_names); do
        echo "disk=$(disk_line "$disk")"
    done
}

# Devices on a bus that no module took. Left out is what a deployment has no use for and the environment therefore
# has no driver for: bridges, memory and bus controllers, graphics, sound, input, USB, management engines.
undriven_devices() {
    local device alias
    for device in /sys/bus/pci/devices/* /sys/bus/virtio/devices/* /sys/bus/xen/devices/*; do
        [ -e "$device/modalias" ] && [ ! -e "$device/driver" ] || continue
        alias=$(value_of "$device/modalias")
        case $device in
            */pci/*)
                case $(value_of "$device/class") in
                    0x03* | 0x04* | 0x05* | 0x06* | 0x07* | 0x08* | 0x09* | 0x0a* | 0x0b* | 0x0c0[0135]* | 0x10* | 0x11* | 0x12* | 0x13*) continue ;;
                esac ;;
            */virtio/*)
                # console, balloon, 9p, gpu, input, vsock, crypto, sound, fs
                case $(value_of "$device/device") in
                    0x0003 | 0x0005 | 0x0009 | 0x0010 | 0x0012 | 0x0013 | 0x0014 | 0x0019 | 0x001a) continue ;;
                esac ;;
            */xen/*)
                case $alias in
                    xen:vif | xen:vbd) ;;
                    *) continue ;;
                esac ;;
        esac
        echo "undriven=${device##*/} $alias"
    done
}

inventory() {
    local dmi=/sys/class/dmi/id uuid
    uuid=$(value_of $dmi/product_uuid)
    [ -n "$uuid" ] || uuid=$(value_of /sys/hypervisor/uuid)
    echo "uuid=$uuid"
    echo "serial=$(value_of $dmi/product_serial)"
    echo "vendor=$(value_of $dmi/sys_vendor)"
    echo "product=$(value_of $dmi/product_name)"
    echo "bios=$(value_of $dmi/bios_version)"
    echo "firmware=$(firmware_kind)"
    echo "secureboot=$(secure_boot)"
    echo "cpus=$(grep -c '^processor' /proc/cpuinfo)"
    echo "memory=$(awk '/^MemTotal:/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)"
    inventory_nics
    inventory_disks
    undriven_devices
    echo "environment=$(build_id)"
}

send_inventory() {
    step=inventory
    inventory >"$ND/inventory"
    cat "$ND/inventory"
    grep '^undriven=' "$ND/inventory" >&3
    http 300 POST inventory "$ND/inventory" || fail "the inventory was not taken: $http_reason"
}
