# shellcheck shell=dash
# The EFI system partitions of further disks: copies of the one at /boot/efi, volume id included, so that whichever disk is
# left is what the installed system mounts there.

step_esp_copy() { # DEVICE
    local path main id label
    begin step_esp_copy "$1"
    needs_claim
    needs_target
    path=$(device_path "$1")
    [ -b "$path" ] || fail "no such device: $1"
    main=$(awk -v p="$TARGET/boot/efi" '$2 == p { print $1 }' /proc/mounts)
    [ -b "$main" ] || fail "no file system is mounted on /boot/efi"
    id=$(/bin/blkid -o value -s UUID "$main" | tr -d '-')
    label=$(/bin/blkid -o value -s LABEL "$main")
    must "cannot make vfat on $1" /bin/mkfs.fat -F 32 -i "$id" ${label:+-n "$label"} "$path"
    mkdir -p "$ND/esp"
    must "cannot mount $1" mount -t vfat -o umask=0077 "$path" "$ND/esp"
    must "cannot copy to $1" cp -R "$TARGET/boot/efi/." "$ND/esp/"
    must "cannot unmount $1" umount "$ND/esp"
    keep_esp_copies "$main"
    partition_id "$path" >>"$TARGET/etc/netdeploy/esp-copies"
}

partition_id() { # PARTITION-PATH
    /bin/blkid -p -o value -s PART_ENTRY_UUID "$1" || fail "$1 has no partition id"
}

# Later updates of shim and GRUB write to /boot/efi alone; apt then calls this.
keep_esp_copies() { # MAIN-PATH
    [ ! -e "$TARGET/etc/netdeploy/esp-copies" ] || return 0
    mkdir -p "$TARGET/etc/netdeploy" "$TARGET/usr/local/sbin" "$TARGET/etc/apt/apt.conf.d"
    must "cannot install the copying of EFI system partitions" cp /lib/netdeploy/esp-copies/netdeploy-esp-copies "$TARGET/usr/local/sbin/"
    must "cannot install apt's hook" cp /lib/netdeploy/esp-copies/80netdeploy-esp-copies "$TARGET/etc/apt/apt.conf.d/"
    partition_id "$1" >"$TARGET/etc/netdeploy/esp-copies"
}
