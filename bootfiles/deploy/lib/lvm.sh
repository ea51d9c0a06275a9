# shellcheck shell=dash
# LVM and md. There is no udev: lvm.conf says so, and the tools make the device nodes themselves.

# Stops what holds a disk: arrays that the kernel assembled, volume groups with a volume on it.
stop_users_of() { # DISK-PATH
    local group array
    for group in $(/bin/lvm pvs --noheadings -o vg_name --select "pv_name=~^$1" 2>/dev/null | sort -u); do
        must "cannot stop volume group $group" /bin/lvm vgchange -an "$group"
    done
    for array in /sys/block/md*; do
        [ -e "$array/slaves" ] || continue
        # shellcheck disable=SC2010  # kernel names
        ! ls "$array/slaves" | grep -q "^${1##*/}" || must "cannot stop ${array##*/}" /bin/mdadm --stop "/dev/${array##*/}"
    done
}

step_volume_group() { # VG DEVICE...
    local group=$1 device path
    begin step_volume_group "$group"
    needs_claim
    shift
    for device in "$@"; do
        path=$(device_path "$device")
        [ -b "$path" ] || fail "no such device: $device"
        must "cannot make $path a physical volume" /bin/lvm pvcreate -q -y -ff "$path"
        echo "$path" >>"$ND/group.$group"
    done
    # shellcheck disable=SC2046  # paths of devices
    must "cannot make volume group $group" /bin/lvm vgcreate -q -y "$group" $(cat "$ND/group.$group")
}

step_logical_volume() { # VG LV MIB
    begin step_logical_volume "$1/$2"
    needs_claim
    if [ "$3" -eq 0 ]; then
        must "cannot make volume $1/$2" /bin/lvm lvcreate -q -y -Wy -l 100%FREE -n "$2" "$1"
    else
        must "cannot make volume $1/$2" /bin/lvm lvcreate -q -y -Wy -L "${3}m" -n "$2" "$1"
    fi
    [ -b "/dev/$1/$2" ] || must "no node for $1/$2" /bin/lvm vgmknodes "$1"
}
