# shellcheck shell=dash
# File systems and where they are mounted. TARGET is the root of the system that is being made.

TARGET=/target

is_mounted() { awk -v p="$1" '$2 == p { found = 1 } END { exit !found }' /proc/mounts; }

step_filesystem() { # DEVICE TYPE LABEL
    local path label=$3
    begin step_filesystem "$2 on $1"
    needs_claim
    path=$(device_path "$1")
    [ -b "$path" ] || fail "no such device: $1"
    # Features that GRUB 2.06 and kernels of older targets cannot read are left out, whatever our tools default to.
    case $2 in
        ext4) must "cannot make ext4 on $1" /bin/mke2fs -t ext4 -q -F -L "$label" \
            -O '^orphan_file,^metadata_csum_seed' -E lazy_itable_init=1,lazy_journal_init=1 "$path" ;;
        xfs) must "cannot make xfs on $1" /bin/mkfs.xfs -q -f -i nrext64=0 ${label:+-L "$label"} "$path" ;;
        btrfs) must "cannot make btrfs on $1" /bin/mkfs.btrfs -q -f ${label:+-L "$label"} "$path" ;;
        vfat) must "cannot make vfat on $1" /bin/mkfs.fat -F 32 ${label:+-n "$(echo "$label" | tr a-z A-Z)"} "$path" ;;
        swap) must "cannot make swap on $1" /bin/mkswap -f ${label:+-L "$label"} "$path" ;;
        *) fail "unknown file system type '$2'" ;;
    esac
    # The links that udev would make: GRUB writes root=UUID= only where they are.
    mkdir -p /dev/disk/by-uuid
    ln -sf "$path" "/dev/disk/by-uuid/$(/bin/blkid -o value -s UUID "$path")"
}

step_subvolume() { # DEVICE PATH
    local path top=$ND/top
    begin step_subvolume "$2"
    needs_claim
    path=$(device_path "$1")
    [ -b "$path" ] || fail "no such device: $1"
    needs_path "/$2"
    mkdir -p "$top"
    must "cannot mount $1" mount -t btrfs -o subvolid=5 "$path" "$top"
    case $2 in
        */*) mkdir -p "$top/${2%/*}" ;;
    esac
    must "cannot make the subvolume $2" /bin/btrfs subvolume create "$top/$2"
    must "cannot unmount $1" umount "$top"
}

# Options that are for mount(8) and systemd, not for the kernel.
kernel_mount_options() {
    echo "$1" | tr ',' '\n' | grep -v -x -E 'x-.*|nofail|noauto|_netdev|user|users|' | tr '\n' ',' | sed 's/,$//'
}

step_mount() { # DEVICE PATH OPTIONS
    local path type options=${3:-defaults} pass=2
    begin step_mount "$2"
    needs_claim
    path=$(device_path "$1")
    [ -b "$path" ] || fail "no such device: $1"
    type=$(/bin/blkid -o value -s TYPE "$path")
    if [ "$2" = none ]; then
        [ "$type" = swap ] || fail "$1 is no swap space, and has no path to be mounted on"
        [ -n "$3" ] || options=sw
        pass=0
    else
        [ "$2" = / ] || is_mounted "$TARGET" || fail "$2 comes before / in the plan"
        mkdir -p "$TARGET$2"
        must "cannot mount $1 on $2" mount -t "$type" -o "$(kernel_mount_options "$options")" "$path" "$TARGET$2"
        [ "$2" != / ] || pass=1
        case $type in
            xfs | btrfs) pass=0 ;;
        esac
    fi
    printf 'UUID=%s %s %s %s 0 %s\n' "$(/bin/blkid -o value -s UUID "$path")" "$2" "$type" "$options" "$pass" >>"$ND/fstab"
    [ -z "$unpacked" ] || write_fstab
}

write_fstab() {
    mkdir -p "$TARGET/etc"
    { echo '# Written by NetDeploy from the profile.'; cat "$ND/fstab"; } >"$TARGET/etc/fstab"
}

# What a script left running in the target (an agent, a daemon) would keep its file systems busy.
stop_processes_in_target() {
    local process
    for process in /proc/[0-9]*; do
        case $(readlink "$process/root") in
            "$TARGET" | "$TARGET"/*)
                note "stopping $(tr '\000' ' ' <"$process/cmdline" 2>/dev/null)"
                kill -9 "${process#/proc/}" ;;
        esac
    done 2>/dev/null
}

# Deepest first.
unmount_target() {
    local path
    stop_processes_in_target
    for path in $(awk -v t="$TARGET" '$2 == t || index($2, t "/") == 1 { print $2 }' /proc/mounts | sort -r); do
        must "cannot unmount $path" umount "$path"
    done
}
