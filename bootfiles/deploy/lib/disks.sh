# shellcheck shell=dash
# Disks: what there is, which one a plan means, what is on it. A name of the plan is bound by $ND/disks/NAME.

claimed=
mkdir -p "$ND/disks" "$ND/partitions"

# Kernel names of the disks that can be deployed to: whole, fixed, writable, not empty, not made by us.
disk_names() {
    local disk name
    for disk in /sys/block/*; do
        name=${disk##*/}
        case $name in
            loop* | ram* | zram* | sr* | fd* | md* | dm-* | nbd* | mmcblk*boot* | mmcblk*rpmb) continue ;;
        esac
        [ "$(value_of "$disk/removable")" != 1 ] || continue
        [ "$(value_of "$disk/ro")" != 1 ] || continue
        [ "$(value_of "$disk/hidden")" != 1 ] || continue
        [ "$(value_of "$disk/size")" != 0 ] || continue
        echo "$name"
    done
}

disk_bytes() { echo "$(($(value_of "/sys/block/$1/size") * 512))"; }

# nvme, virtio, xen, sata, or scsi for all else (SAS, volumes of RAID controllers, virtio-scsi).
disk_bus() {
    case $1 in
        nvme*) echo nvme ;;
        vd*) echo virtio ;;
        xvd*) echo xen ;;
        mmcblk*) echo mmc ;;
        *) case $(readlink -f "/sys/block/$1") in
            */usb[0-9]*) echo usb ;;
            *) if [ "$(value_of "/sys/block/$1/device/vendor")" = ATA ]; then echo sata; else echo scsi; fi ;;
        esac ;;
    esac
}

disk_wwn() {
    local wwn
    wwn=$(value_of "/sys/block/$1/wwid")
    [ -n "$wwn" ] || wwn=$(value_of "/sys/block/$1/device/wwid")
    word_of "$wwn"
}

disk_serial() {
    local serial
    serial=$(value_of "/sys/block/$1/serial")
    [ -n "$serial" ] || serial=$(value_of "/sys/block/$1/device/serial")
    # SCSI: the page 0x80 of the vital product data, behind a header of four bytes.
    [ -n "$serial" ] || serial=$(tail -c +5 "/sys/block/$1/device/vpd_pg80" 2>/dev/null | tr -cd '\040-\176' | sed 's/^ *//; s/ *$//')
    word_of "$serial"
}

disk_model() {
    local model
    model=$(value_of "/sys/block/$1/device/model")
    echo "${model:--}"
}

# PATH BYTES BUS WWN SERIAL MODEL
disk_line() { # KERNEL-NAME
    echo "/dev/$1 $(disk_bytes "$1") $(disk_bus "$1") $(disk_wwn "$1") $(disk_serial "$1") $(disk_model "$1")"
}

# Controllers show their disks late: the list is taken when it was the same for three seconds. Nothing may be chosen
# from a list that still grows, for "the only one that fits" would not be true. The network comes up meanwhile.
wait_for_disks() {
    local now
    while :; do
        now=$(disk_names)
        if [ "$now" != "$disks_seen" ]; then
            remember_disks
        elif [ $(($(uptime_seconds) - disks_since)) -ge 3 ]; then
            break
        fi
        usleep 300000
    done
    say "disks: $(echo "$now" | tr '\n' ' ')"
}

remember_disks() {
    disks_seen=$(disk_names)
    disks_since=$(uptime_seconds)
}

# Prints the paths of the disks that fit, one a line. '' fits all.
fitting_disks() { # MIN_BYTES MAX_BYTES BUS WWN SERIAL MODEL
    local disk bytes
    for disk in $(disk_names); do
        bytes=$(disk_bytes "$disk")
        [ "$bytes" -ge "${1:-0}" ] || continue
        [ -z "$2" ] || [ "$bytes" -le "$2" ] || continue
        [ -z "$3" ] || [ "$(disk_bus "$disk")" = "$3" ] || continue
        [ -z "$4" ] || [ "$(disk_wwn "$disk")" = "$(word_of "$4")" ] || continue
        [ -z "$5" ] || [ "$(disk_serial "$disk")" = "$(word_of "$5")" ] || continue
        if [ -n "$6" ]; then
            # shellcheck disable=SC2254  # MODEL is a glob
            case $(disk_model "$disk") in
                $6) ;;
                *) continue ;;
            esac
        fi
        echo "/dev/$disk"
    done
}

step_select_disk() { # NAME MIN_BYTES MAX_BYTES BUS WWN SERIAL MODEL
    local name=$1 found count seen
    begin step_select_disk "$name"
    shift
    found=$(fitting_disks "$@")
    count=$(printf '%s' "$found" | grep -c '^/')
    seen=$(disks_told)
    case $count in
        1) ;;
        0) fail "no disk fits '$name'; seen: ${seen:-none}" ;;
        *) fail "$count disks fit '$name', one must: $(echo "$found" | tr '\n' ' '); seen: $seen" ;;
    esac
    bind_disk "$name" "$found" "$@"
}

# Disks of a set are equal, so their order does not matter; it is that of their kernel names.
step_select_disks() { # NAME COUNT MIN_BYTES MAX_BYTES BUS WWN SERIAL MODEL
    local name=$1 wanted=$2 found count disk number=0
    begin step_select_disks "$name"
    shift 2
    found=$(fitting_disks "$@")
    count=$(printf '%s' "$found" | grep -c '^/')
    [ "$count" -eq "$wanted" ] || fail "$count disks fit '$name', $wanted must; seen: $(disks_told)"
    for disk in $found; do
        number=$((number + 1))
        bind_disk "$name-$number" "$disk" "$@"
    done
}

disks_told() { inventory_disks | sed 's/^disk=\([^ ]* [0-9]*\)/\1 bytes/' | tr '\n' ';'; }

bind_disk() { # NAME PATH SELECTOR...
    local name=$1 path=$2
    shift 2
    ! grep -rqx "$path" "$ND/disks" || fail "$path fits '$name' and another disk of the plan"
    echo "$path" >"$ND/disks/$name"
    printf '%s\n' "$@" >"$ND/selector.$name"
    say "disk $name is $(disk_line "${path##*/}")"
}

step_disk_size() { # NAME MIB
    local disk bytes
    begin step_disk_size "$1"
    disk=$(disk_path "$1") || fail "no disk is bound to '$1'"
    bytes=$(disk_bytes "${disk##*/}")
    [ "$((bytes / 1048576))" -ge "$2" ] \
        || fail "disk '$1' ($disk) is too small for its layout: it has $(in_gib "$bytes") GiB, $(in_gib "$(($2 * 1048576))") GiB are needed; nothing was written"
}

in_gib() { awk -v b="$1" 'BEGIN { printf "%.2f", b / 1073741824 }'; } # BYTES

# What the claim is for: each disk that was bound.
write_claim() {
    local bound disk
    : >"$ND/claim"
    for bound in "$ND/disks"/*; do
        [ -e "$bound" ] || fail "the plan claims before it selects a disk"
        disk=$(cat "$bound")
        disk=${disk##*/}
        echo "disk=${bound##*/} /dev/$disk $(disk_bytes "$disk") $(disk_model "$disk")" >>"$ND/claim"
    done
}

step_claim() {
    begin step_claim
    write_claim
    http 300 POST claim "$ND/claim" || fail "the claim was not granted: $http_reason"
    case $(head -n 1 "$ND/answer") in
        granted) claimed=yes ;;
        *) fail "the claim was not granted: $(one_line "$(head -n 1 "$ND/answer")")" ;;
    esac
    say "claimed: from here on the disk is written"
}

# Every step that writes calls this first.
needs_claim() { [ -n "$claimed" ] || fail "the plan writes before step_claim; nothing was written"; }

disk_path() { # NAME
    [ -n "$1" ] && [ -f "$ND/disks/$1" ] || return 1
    cat "$ND/disks/$1"
}

partition_path() { # DISK-PATH NUMBER
    case $1 in
        *[0-9]) echo "${1}p$2" ;;
        *) echo "$1$2" ;;
    esac
}

# disk:NAME:NUMBER, raid:ARRAY, luks:MAPPED or lv:VG/LV, as the path of a device; empty where that is none.
device_path() { # DEVICE
    local name disk
    case $1 in
        disk:*:[0-9]*)
            name=${1#disk:}
            disk=$(disk_path "${name%:*}") && partition_path "$disk" "${1##*:}" ;;
        raid:*) echo "/dev/md/${1#raid:}" ;;
        luks:*) echo "/dev/mapper/${1#luks:}" ;;
        lv:*/*) echo "/dev/${1#lv:}" ;;
    esac
}

step_wipe() { # NAME
    local disk part
    begin step_wipe "$1"
    needs_claim
    disk=$(disk_path "$1") || fail "no disk is bound to '$1'"
    stop_users_of "$disk"
    for part in "$disk"?*; do
        [ ! -b "$part" ] || must "cannot wipe $part" /bin/wipefs -a -f "$part"
    done
    must "cannot wipe $disk" /bin/wipefs -a -f "$disk"
    must "cannot clear the start of $disk" dd if=/dev/zero of="$disk" bs=1M count=1 conv=fsync
    must "$disk is in use" /bin/blockdev --rereadpt "$disk"
}

# GPT type GUIDs.
partition_type() {
    case $1 in
        bios-boot) echo 21686148-6449-6E6F-744E-656564454649 ;;
        esp) echo C12A7328-F81F-11D2-BA4B-00A0C93EC93B ;;
        linux) echo 0FC63DAF-8483-4772-8E79-3D69D8477DE4 ;;
        lvm) echo E6D6D379-F507-44C2-A23C-238F2A3DF928 ;;
        swap) echo 0657FD6D-A4AB-43C4-84E5-0933C84B4F4F ;;
        raid) echo A19D880F-05FC-4D3B-A006-743F0F84911E ;;
        *) return 1 ;;
    esac
}

step_partition() { # NAME NUMBER MIB TYPE
    local type size=
    step=step_partition
    disk_path "$1" >/dev/null || fail "no disk is bound to '$1'"
    type=$(partition_type "$4") || fail "unknown partition type '$4'"
    [ "$3" -eq 0 ] || size="size=${3}MiB, "
    echo "$2 : ${size}type=$type" >>"$ND/partitions/$1"
}

step_partition_table() { # NAME gpt
    local disk number part waited=0
    begin step_partition_table "$1"
    needs_claim
    [ "$2" = gpt ] || fail "unknown partition table '$2'"
    disk=$(disk_path "$1") || fail "no disk is bound to '$1'"
    [ -s "$ND/partitions/$1" ] || fail "no partition was declared for '$1'"
    { echo 'label: gpt'; cat "$ND/partitions/$1"; } >"$ND/sfdisk"
    must "cannot partition $disk" write_partition_table "$disk"
    for number in $(cut -d ' ' -f 1 "$ND/partitions/$1"); do
        part=$(partition_path "$disk" "$number")
        until [ -b "$part" ]; do
            [ "$waited" -lt 100 ] || fail "$part did not appear"
            waited=$((waited + 1))
            usleep 100000
        done
        must "cannot wipe $part" /bin/wipefs -a -f "$part"
    done
}

write_partition_table() { /bin/sfdisk --quiet --wipe always --wipe-partitions always "$1" <"$ND/sfdisk"; }
