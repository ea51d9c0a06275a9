# shellcheck shell=dash
# What differs within Debian's installer: partman partitions, debootstrap makes the system. The steps of the plan that
# come before the claim run before partman, those behind it when the system is there.
# shellcheck disable=SC2034,SC2154  # variables of the library and of the entry script

# Reports show where the installer is; they go to its syslog too.
note() {
    printf '[%s] %s\n' "$(uptime_seconds)" "$*"
    logger -t netdeploy "$*"
}

# Most modules of the installer come with its components, later.
undriven_devices() { :; }

announce() {
    send_inventory
    progress start 0 "Debian's installer has its answers"
}

# --- before partman

partition() {
    # Somebody asked for partman again, from the installer's menu: it has its answers, and the plan's other steps come later.
    [ ! -e "$ND/claimed" ] || return 0
    local phase=select
    remember_disks
    wait_for_disks
    # The claim ends it.
    run_plan
}

# Asked for once: the disks were bound and the claim was made of them.
step_claim() {
    begin step_claim
    if [ -e "$ND/claimed" ]; then
        claimed=yes unpacked=yes
        return 0
    fi
    ask_claim
    : >"$ND/claimed"
    name_disk_to_partman
    replace_hooks
    say "partman goes on"
    exit 0
}

# A refused machine must not stay in an installer that would go on at the next key.
ask_claim() {
    write_claim
    http 300 POST claim "$ND/claim" || refused_claim "$http_reason"
    case $(head -n 1 "$ND/answer") in
        granted) claimed=yes ;;
        *) refused_claim "$(one_line "$(head -n 1 "$ND/answer")")" ;;
    esac
    say "claimed: from here on the disk is written"
}

refused_claim() { # REASON
    say "the claim was not granted: $1; nothing was written, powering off"
    report_failed step_claim "the claim was not granted: $1"
    sleep 5
    poweroff -f
    while :; do sleep 60; done
}

# debconf's own programs, with the streams and the search path that they had.
debconf() { env PATH="$installer_path" "$@" <&8 3>&9 9>&-; }

# Which disk it is, only this machine knows.
name_disk_to_partman() {
    local path recipe
    path=$(disk_path "$(disk_of_plan)") || fail "the plan bound no disk for partman"
    must "cannot tell partman its disk" debconf debconf-set partman-auto/disk "$path"
    recipe=$(debconf debconf-get partman-auto/expert_recipe 2>/dev/null)
    must "cannot tell partman its recipe" debconf debconf-set partman-auto/expert_recipe "$(for_this_firmware "$recipe")"
    # A group's physical volume stands in the recipe.
    case $recipe in
        *'method{ lvm }'*) consent lvm ;;
        *) consent regular ;;
    esac >"$ND/consent"
    # It marks them as seen too, which debconf-set does not: partman asks whatever is not.
    must "cannot tell partman to go on" debconf debconf-set-selections "$ND/consent"
    say "partman gets $path"
}

# What lets partman begin without a question, remove what is there and write. None of it is among the answers that the
# server gives: with one disk in the machine partman takes that one, and a claim that never came would not hold it back.
consent() { # METHOD
    cat <<EOF
d-i partman-auto/method string $1
d-i partman-lvm/device_remove_lvm boolean true
d-i partman-md/device_remove_md boolean true
d-i partman-partitioning/confirm_write_new_label boolean true
d-i partman-lvm/confirm boolean true
d-i partman-lvm/confirm_nooverwrite boolean true
d-i partman/choose_partition select finish
d-i partman/confirm boolean true
d-i partman/confirm_nooverwrite boolean true
EOF
}

# The installer method partitions one disk, so its plan selects one.
disk_of_plan() { sed -n "s/^step_select_disk '\([^']*\)'.*/\1/p" "$ND/plan"; }

# On a machine that started in BIOS mode partman knows no EFI system partition. It is a FAT like any other to it, and the
# disk has the same partitions everywhere.
for_this_firmware() { # RECIPE
    if [ "$(firmware_kind)" = uefi ]; then
        printf '%s' "$1"
    else
        printf '%s' "$1" | sed 's,method{ efi } format{ },method{ format } format{ } use_filesystem{ } filesystem{ fat32 } mountpoint{ /boot/efi },'
    fi
}

# The installer would write its own network configuration behind ours.
replace_hooks() {
    rm -f /usr/lib/finish-install.d/55netcfg-copy-config
    cp $home/hooks/94znetdeploy $home/hooks/96netdeploy /usr/lib/finish-install.d/
    chmod 755 /usr/lib/finish-install.d/94znetdeploy /usr/lib/finish-install.d/96netdeploy
    # systemd-resolved, once installed, points resolv.conf here; programs in the target need names before it runs.
    cp $home/hooks/60netdeploy /usr/lib/post-base-installer.d/
    chmod 755 /usr/lib/post-base-installer.d/60netdeploy
}

# --- when the system is there

configure() {
    local why
    [ -e "$ND/claimed" ] || fail "the installer comes to its end without a claim"
    is_mounted "$TARGET" || fail "no file system is mounted on $TARGET"
    why=$(plan_is_calls_only "$ND/plan") || fail "the plan was refused: $why"
    keep_disks
    mount_for_target
    # shellcheck source=/dev/null
    . "$ND/plan"
    unmount_for_target
}

# Disks were bound and looked at before partman. They have another content now, and not another name.
keep_disks() {
    step_select_disk() { :; }
    step_select_disks() { :; }
    step_disk_size() { :; }
}

# What grub-install and ssh-keygen need; the installer mounts it for its own commands alone, one at a time.
mount_for_target() {
    : >"$ND/mounted"
    mount_once -t proc proc "$TARGET/proc"
    mount_once -t sysfs -o ro sysfs "$TARGET/sys"
    mount_once -o bind /dev "$TARGET/dev"
    mount_once -o bind /dev/pts "$TARGET/dev/pts"
}

mount_once() { # OPTIONS... SOURCE FOLDER
    local folder
    for folder in "$@"; do :; done
    ! is_mounted "$folder" || return 0
    must "cannot mount $folder" mount "$@"
    echo "$folder" >>"$ND/mounted"
}

# The last one first.
unmount_for_target() {
    local folder
    for folder in $(tac "$ND/mounted"); do
        must "cannot unmount $folder" umount "$folder"
    done
}

# The partitions are partman's. What is left is the rest of the installer's own steps.
step_finish() {
    begin step_finish "the installer's own steps follow"
    printf '# systemd-networkd configures the network: /etc/systemd/network.\n' >"$TARGET/etc/network/interfaces"
    : >"$ND/configured"
}

# --- behind it

upload_log() {
    [ -n "$deployment" ] || return 0
    { echo '--- installer'; cat /var/log/syslog; echo '--- netdeploy'; cat "$ND/log"; } 2>&1 | without_tokens | tail -c 4194304 >"$ND/log.upload"
    http 60 POST log "$ND/log.upload" || note "the log could not be uploaded: $http_reason"
}

# The address of the answers holds the token, and the installer saves what it was told.
clean_saved_logs() {
    local saved
    for saved in $(grep -rlF -e "$token" "$TARGET/var/log/installer" "$TARGET/var/lib/dpkg" 2>/dev/null); do
        sed -i "s/$token/(token)/g" "$saved" || note "the token stays in $saved"
    done
}

report_written() {
    step=written
    [ -e "$ND/configured" ] || fail "the installer ends and the system is not configured"
    sync
    {
        [ "$(firmware_kind)" = bios ] || echo "bootorder=$(boot_order)"
        echo "seconds=$(uptime_seconds)"
    } >"$ND/written"
    upload_log
    http 600 POST written "$ND/written" || fail "the system is on the disk, but the server took no report of it: $http_reason"
    say "written in $(uptime_seconds) s; rebooting"
}
