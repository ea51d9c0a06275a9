# shellcheck shell=dash
# The target's own GRUB, for the firmware that booted this machine. It never touches the firmware's BootOrder: the
# network stays first where the operator put it first, or the next deployment would not reach this machine.

step_boot_loader() { # NAMES ARGUMENTS
    local name disk disks=''
    begin step_boot_loader "$(firmware_kind)"
    needs_target
    for name in $(echo "$1" | tr ',' ' '); do
        disk=$(disk_path "$name") || fail "no disk is bound to '$name'"
        disks="$disks${disks:+ }$disk"
    done
    case $2 in
        *[!A-Za-z0-9\ =,.:/_@%+-]*) fail "kernel arguments hold a character that GRUB's configuration cannot quote: $2" ;;
    esac
    write_grub_defaults "$2"
    progress step_boot_loader 20 grub-install
    case $(firmware_kind) in
        bios) install_grub_bios "$disks" ;;
        uefi) install_grub_uefi ;;
    esac
    progress step_boot_loader 50 update-grub
    must "cannot write grub.cfg" in_target /usr/sbin/update-grub
    grep -q '^[[:space:]]*linux' "$TARGET/boot/grub/grub.cfg" || fail "grub.cfg starts no kernel: the image holds none in /boot"
}

# The last console= that is a serial line: GRUB talks there too.
serial_console() { # ARGUMENTS
    echo "$1" | tr ' ' '\n' | sed -n 's/^console=ttyS\([0-9]\),\{0,1\}\([0-9]*\).*/\1 \2/p' | tail -n 1
}

write_grub_defaults() { # ARGUMENTS
    local serial unit speed
    mkdir -p "$TARGET/etc/default/grub.d"
    [ -e "$TARGET/etc/default/grub" ] || printf 'GRUB_DEFAULT=0\nGRUB_DISTRIBUTOR=Debian\n' >"$TARGET/etc/default/grub"
    serial=$(serial_console "$1")
    unit=${serial%% *}
    speed=${serial#* }
    {
        echo '# Written by NetDeploy from the profile.'
        echo "GRUB_CMDLINE_LINUX='$1'"
        echo "GRUB_CMDLINE_LINUX_DEFAULT=''"
        echo 'GRUB_TIMEOUT=1'
        # Other disks are none of this system's business, and looking at them costs seconds.
        echo 'GRUB_DISABLE_OS_PROBER=true'
        if [ -n "$serial" ]; then
            echo "GRUB_TERMINAL='console serial'"
            echo "GRUB_SERIAL_COMMAND='serial --unit=$unit --speed=${speed:-115200}'"
        fi
    } >"$TARGET/etc/default/grub.d/netdeploy.cfg"
}

install_grub_bios() { # DISKS
    local disk
    [ -d "$TARGET/usr/lib/grub/i386-pc" ] || fail "the image has no GRUB for BIOS: add grub-pc-bin to the packages"
    # Later upgrades of grub-pc install to these disks without a question.
    preseed "grub-pc grub-pc/install_devices multiselect $(echo "$1" | sed 's/ /, /g')"
    for disk in $1; do
        must "grub-install for BIOS" in_target /usr/sbin/grub-install --target=i386-pc --no-floppy "$disk"
    done
}

# Shim and the signed GRUB below \EFI\debian, and on the removable path that firmware starts without an entry. No
# fallback program (fbx64.efi) there: it would write a boot entry, and put it first. Debian's grub-install leaves it
# out when it is told to leave the NVRAM alone, now and (by debconf) at upgrades.
install_grub_uefi() {
    local esp=$TARGET/boot/efi file
    is_mounted "$esp" || fail "no file system is mounted on /boot/efi, and this machine started by UEFI"
    for file in /usr/lib/shim/shimx64.efi.signed /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed /usr/lib/grub/x86_64-efi; do
        [ -e "$TARGET$file" ] || \
            fail "the image has no $file: add shim-signed, grub-efi-amd64-signed and grub-efi-amd64-bin to the packages"
    done
    preseed "grub-efi-amd64 grub2/update_nvram boolean false
grub-efi-amd64 grub2/force_efi_extra_removable boolean true"
    must "grub-install for UEFI" in_target /usr/sbin/grub-install --target=x86_64-efi --efi-directory=/boot/efi \
        --bootloader-id=debian --uefi-secure-boot --no-nvram --force-extra-removable
    for file in EFI/debian/shimx64.efi EFI/debian/grubx64.efi EFI/debian/grub.cfg EFI/BOOT/BOOTX64.EFI EFI/BOOT/grubx64.efi; do
        [ -s "$esp/$file" ] || fail "grub-install left no $file on the EFI system partition"
    done
    rm -f "$esp/EFI/BOOT/fbx64.efi"
}

preseed() { # LINES
    [ -x "$TARGET/usr/bin/debconf-set-selections" ] || return 0
    printf '%s\n' "$1" >"$TARGET/run/netdeploy-preseed"
    must "debconf-set-selections" in_target /usr/bin/debconf-set-selections /run/netdeploy-preseed
    rm -f "$TARGET/run/netdeploy-preseed"
}
