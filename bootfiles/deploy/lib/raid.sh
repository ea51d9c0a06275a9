# shellcheck shell=dash
# Software RAID. There is no udev: MDADM_NO_UDEV says so, and mdadm makes nodes and links itself.

step_raid() { # ARRAY LEVEL DEVICE...
    local array=$1 level=$2 clean='' bitmap=internal device path
    begin step_raid "$array, level $level"
    needs_claim
    shift 2
    rm -f "$ND/array.$array"
    for device in "$@"; do
        path=$(device_path "$device")
        [ -b "$path" ] || fail "no such device: $device"
        echo "$path" >>"$ND/array.$array"
    done
    # Without a first resync what is written now is on each half from the start, and a disk may fail before it would have
    # ended. Where parity is computed by differences it must be right before, so those levels resync.
    case $level in
        0) bitmap=none ;;
        1 | 10) clean=--assume-clean ;;
    esac
    # shellcheck disable=SC2046  # paths of devices
    must "cannot make array $array" /bin/mdadm --create "/dev/md/$array" --run --metadata=1.2 --homehost=any --name="$array" \
        --bitmap="$bitmap" --level="$level" --raid-devices=$# ${clean:+"$clean"} $(cat "$ND/array.$array")
    [ -b "/dev/md/$array" ] || fail "/dev/md/$array did not appear"
    must "cannot wipe $array" /bin/wipefs -a -f "/dev/md/$array"
    /bin/mdadm --detail --brief "/dev/md/$array" >>"$ND/arrays" || fail "cannot read the array $array"
}

# The installed system assembles what is named here, under these names, whatever it is called itself.
write_arrays() {
    [ -s "$ND/arrays" ] || return 0
    [ -x "$TARGET/sbin/mdadm" ] || fail "the image has no mdadm, and its disks are arrays"
    mkdir -p "$TARGET/etc/mdadm"
    { printf '# Written by NetDeploy from the profile.\nHOMEHOST <ignore>\nMAILADDR root\n'; cat "$ND/arrays"; } >"$TARGET/etc/mdadm/mdadm.conf"
}

stop_arrays() {
    local array
    for array in "$ND"/array.*; do
        [ ! -e "$array" ] || must "cannot stop array ${array##*.}" /bin/mdadm --stop "/dev/md/${array##*/array.}"
    done
}
