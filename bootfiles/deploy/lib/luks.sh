# shellcheck shell=dash
# Encryption. A device is made with a random key that only this machine's memory holds; what shall open it later is bound by
# the installed system's own programs, and then the random key is worth nothing any more.

mkdir -p "$ND/luks"

# What cannot work is found before anything is wiped.
step_needs_tpm() {
    local tpm
    begin step_needs_tpm
    for tpm in /sys/class/tpm/tpm*; do
        [ "$(value_of "$tpm/tpm_version_major")" != 2 ] || return 0
    done
    fail "this machine has no TPM 2.0 that its firmware shows, and the profile says unlock: tpm2; nothing was written"
}

step_needs_tang() { # URL
    local try
    begin step_needs_tang "$1"
    for try in 1 2 3 4 5; do
        # wget's own -T makes this busybox crash.
        ! timeout 5 wget -q -O "$ND/tang" "$1/adv" || ! grep -q '"payload"' "$ND/tang" || return 0
        note "no advertisement from $1, try $try"
        sleep 2
    done
    fail "no Tang server answers at $1, and the profile says unlock: tang; nothing was written"
}

step_luks() { # MAPPED DEVICE PASSPHRASE
    local path key=$ND/luks/$1.key
    begin step_luks "$1"
    needs_claim
    path=$(device_path "$2")
    [ -b "$path" ] || fail "no such device: $2"
    mkdir -p -m 700 /run/cryptsetup
    (umask 077 && head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$key") || fail "cannot make a key"
    # A random key of 256 bits is not guessed, so it need not be slow to try.
    must "cannot encrypt $2" /bin/cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file "$key" "$path"
    if [ -n "$3" ]; then
        (umask 077 && printf '%s' "$3" >"$ND/luks/passphrase") || fail "cannot keep the passphrase of $1"
        must "cannot add the passphrase of $1" /bin/cryptsetup luksAddKey -q --key-file "$key" "$path" "$ND/luks/passphrase"
        rm -f "$ND/luks/passphrase"
    fi
    must "cannot open $1" /bin/cryptsetup open --type luks2 --key-file "$key" "$path" "$1"
    echo "$path" >"$ND/luks/$1.device"
    case $2 in
        lv:*) echo "$1" >>"$ND/luks/upper" ;;
        *) echo "$1" >>"$ND/luks/lower" ;;
    esac
    # All in the initramfs: what opens root opens the others too, before anything waits for them.
    echo "$1 UUID=$(/bin/blkid -o value -s UUID "$path") none luks,initramfs" >>"$ND/crypttab"
}

write_crypttab() {
    [ -s "$ND/crypttab" ] || return 0
    [ -x "$TARGET/sbin/cryptsetup" ] || fail "the image has no cryptsetup, and its disks are encrypted"
    { echo '# Written by NetDeploy from the profile.'; cat "$ND/crypttab"; } >"$TARGET/etc/crypttab"
}

step_unlock() { # MAPPED tpm2|tang|console CONFIGURATION
    local key=$ND/luks/$1.key device
    begin step_unlock "$1 by $2"
    needs_target
    [ -f "$key" ] || fail "no device is open as '$1'"
    device=$(cat "$ND/luks/$1.device")
    case $2 in
        tpm2 | tang) bind_by_clevis "$device" "$key" "$2" "$3" ;;
        console) ;;
        *) fail "unknown way to unlock: '$2'" ;;
    esac
    must "cannot remove the installation's key of $1" /bin/cryptsetup luksRemoveKey -q "$device" "$key"
    rm -f "$key"
}

bind_by_clevis() { # DEVICE KEY-FILE PIN CONFIGURATION
    local slot
    [ -x "$TARGET/usr/bin/clevis-encrypt-$3" ] || fail "the image has no clevis for $3"
    (umask 077 && cat "$2" >"$TARGET/run/netdeploy-key") || fail "cannot lend the key"
    must "cannot bind to $3" in_target /usr/bin/clevis luks bind -y -k /run/netdeploy-key -d "$1" "$3" "$4"
    rm -f "$TARGET/run/netdeploy-key"
    # Before the only other key goes: what was bound gives the key back, here and now.
    slot=$(in_target /usr/bin/clevis luks list -d "$1" | sed -n 's/^\([0-9]*\): .*/\1/p' | tail -n 1)
    [ -n "$slot" ] || fail "clevis bound nothing to $1"
    in_target /usr/bin/clevis luks pass -d "$1" -s "$slot" >/dev/null || fail "$3 was bound to $1, and does not open it"
}

# The image's initramfs was made for any machine: it knows no arrays and no encrypted devices.
step_initramfs() {
    begin step_initramfs
    needs_target
    must_in_time "initramfs" in_target /usr/sbin/update-initramfs -v -u -k all
    # The hooks of cryptsetup only complain where they cannot follow a device, and the system would not start.
    ! grep -qE '^cryptsetup: (ERROR|WARNING: .*(resolve|not found))' "$ND/output" \
        || fail "the initramfs would not open the disks: $(grep -E '^cryptsetup: (ERROR|WARNING)' "$ND/output" | head -n 1)"
}

close_encrypted() { # upper|lower: on logical volumes, or below them
    local mapped
    [ -e "$ND/luks/$1" ] || return 0
    while read -r mapped; do
        must "cannot close $mapped" /bin/cryptsetup close "$mapped"
    done <"$ND/luks/$1"
}
