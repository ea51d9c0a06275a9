# shellcheck shell=dash
# The second half of build-deploy-environment: from unpacked packages in $root to $work/new. Sourced by it.
# shellcheck disable=SC2154  # root, work, here, build_id, sources_id, firmware, more_modules, limit, suite are its variables

assemble() {
    initrd=$work/initrd
    kernel=$(basename "$root"/boot/vmlinuz-*)
    kernel_version=${kernel#vmlinuz-}
    # The date of everything in the archive: that of the kernel package.
    SOURCE_DATE_EPOCH=$(stat -c %Y "$root/boot/$kernel")

    make_skeleton
    echo "taking the tools" >&2
    take_tools
    echo "taking the modules of $kernel_version" >&2
    take_modules
    [ -z "$firmware" ] || take_firmware
    take_scripts
    echo "packing" >&2
    pack
    write_manifest
}

# Programs of the packages run by their own loader and libraries, so the machine that builds may be of another release.
# lib64/ld-linux-x86-64.so.2 is an absolute link in libc6, which here would lead to this machine's: hence -type f, and
# the cache of this machine's libraries is inhibited.
libraries() { printf '%s' "$root/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu"; }
loader() { find "$root/lib/x86_64-linux-gnu" "$root/usr/lib/x86_64-linux-gnu" -name ld-linux-x86-64.so.2 -type f 2>/dev/null | head -n 1; }
run() { # PROGRAM ARGUMENTS...
    "$(loader)" --inhibit-cache --library-path "$(libraries)" "$@"
}

# Nothing of this machine may get into the archive.
take_file() { # FILE DESTINATION
    case $(readlink -f "$1") in
        "$root"/*) cp -L "$1" "$2" ;;
        *) stop 15 "$1 leads out of the unpacked packages, to $(readlink -f "$1")" ;;
    esac
}

# One place for programs, one for libraries; the other usual names lead there.
make_skeleton() {
    mkdir -p "$initrd/bin" "$initrd/lib/x86_64-linux-gnu" "$initrd/lib/netdeploy" "$initrd/lib64" "$initrd/etc/netdeploy" \
        "$initrd/etc/lvm" "$initrd/etc/modprobe.d" "$initrd/usr" "$initrd/dev" "$initrd/proc" "$initrd/sys" "$initrd/run" \
        "$initrd/tmp" "$initrd/target"
    ln -s bin "$initrd/sbin"
    ln -s ../bin "$initrd/usr/bin"
    ln -s ../bin "$initrd/usr/sbin"
    ln -s ../lib "$initrd/usr/lib"
    ln -s /proc/mounts "$initrd/etc/mtab"
}

find_program() { # NAME
    local folder
    for folder in bin sbin usr/bin usr/sbin; do
        [ ! -e "$root/$folder/$1" ] || { echo "$root/$folder/$1"; return; }
    done
    stop 15 "no package of deploy/packages holds the program $1"
}

take_tools() {
    local tool program library applet
    : >"$work/libraries"
    for tool in $(entries "$here/deploy/tools"); do
        program=$(find_program "$tool")
        take_file "$program" "$initrd/bin/$tool"
        run --list "$program" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' >>"$work/libraries" || true
    done
    # Loaded when a thread ends (cryptsetup's Argon2 has threads), and so in nobody's list.
    find "$root/lib/x86_64-linux-gnu" "$root/usr/lib/x86_64-linux-gnu" -name libgcc_s.so.1 2>/dev/null | head -n 1 >>"$work/libraries"
    for library in $(sort -u "$work/libraries"); do
        take_file "$library" "$initrd/lib/x86_64-linux-gnu/"
    done
    take_file "$(loader)" "$initrd/lib64/ld-linux-x86-64.so.2"
    # The tools find their libraries in there, or the build is not worth booting.
    for tool in $(entries "$here/deploy/tools"); do
        ! "$initrd/lib64/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$initrd/lib/x86_64-linux-gnu" --list "$initrd/bin/$tool" 2>/dev/null \
            | grep 'not found' >&2 || stop 15 "a library of $tool is missing"
    done
    ln -s kmod "$initrd/bin/modprobe"
    take_file "$(find_program busybox)" "$initrd/bin/busybox"
    for applet in $("$initrd/bin/busybox" --list); do
        [ -e "$initrd/bin/$applet" ] || [ -L "$initrd/bin/$applet" ] || ln -s busybox "$initrd/bin/$applet"
    done
    cp "$root/etc/mke2fs.conf" "$initrd/etc/mke2fs.conf"
    cp "$here/deploy/lvm.conf" "$initrd/etc/lvm/lvm.conf"
    cp "$here/deploy/modprobe.conf" "$initrd/etc/modprobe.d/netdeploy.conf"
}

# depmod and modprobe are kmod under other names.
take_modules() {
    local name file modules=lib/modules/$kernel_version
    [ -d "$root/$modules" ] || modules=usr/lib/modules/$kernel_version
    mkdir -p "$work/kmod" "$work/tree/lib/modules"
    ln -sf "$(readlink -f "$(find_program kmod)")" "$work/kmod/depmod"
    ln -sf "$(readlink -f "$(find_program kmod)")" "$work/kmod/modprobe"
    ln -sf "$(readlink -f "$(find_program kmod)")" "$work/kmod/modinfo"
    ln -s "$root/$modules" "$work/tree/lib/modules/$kernel_version"
    run "$work/kmod/depmod" -b "$work/tree" "$kernel_version"
    for name in $(entries "$here/deploy/modules") $more_modules; do
        run "$work/kmod/modprobe" -d "$work/tree" -S "$kernel_version" -C /dev/null --show-depends "$name" 2>"$work/modprobe.log" \
            || stop 15 "the kernel $kernel_version has no module $name ($(head -n 1 "$work/modprobe.log"))"
    done >"$work/depends"
    sed -n 's#^insmod .*/\(kernel/[^ ]*\).*#\1#p' "$work/depends" | sort -u >"$work/modules"
    mkdir -p "$initrd/lib/modules/$kernel_version"
    while read -r file; do
        mkdir -p "$initrd/lib/modules/$kernel_version/${file%/*}"
        # Kept uncompressed: the archive compresses better as a whole, and the machine loads faster.
        case $file in
            *.xz) xz -dc "$root/$modules/$file" >"$initrd/lib/modules/$kernel_version/${file%.xz}" ;;
            *.zst) zstd -q -dc "$root/$modules/$file" >"$initrd/lib/modules/$kernel_version/${file%.zst}" ;;
            *) cp "$root/$modules/$file" "$initrd/lib/modules/$kernel_version/$file" ;;
        esac
    done <"$work/modules"
    [ -s "$work/modules" ] || stop 15 "no module was found for kernel $kernel_version"
    cp "$root/$modules/modules.builtin" "$root/$modules/modules.builtin.modinfo" "$root/$modules/modules.order" \
        "$initrd/lib/modules/$kernel_version/"
    run "$work/kmod/depmod" -b "$initrd" "$kernel_version"
    # The text forms of the indexes are for people.
    (cd "$initrd/lib/modules/$kernel_version" && rm -f modules.alias modules.symbols modules.dep)
}

# Of the firmware packages only what a module of ours may ask for.
take_firmware() {
    local name folder taken=0
    find "$initrd/lib/modules" -name '*.ko' | sort | while read -r name; do
        run "$work/kmod/modinfo" -F firmware "$name"
    done | sort -u >"$work/firmware"
    while read -r name; do
        for folder in lib/firmware usr/lib/firmware; do
            [ -e "$root/$folder/$name" ] || continue
            mkdir -p "$(dirname "$initrd/lib/firmware/$name")"
            take_file "$root/$folder/$name" "$initrd/lib/firmware/$name"
            taken=$((taken + 1))
            break
        done
    done <"$work/firmware"
    [ "$taken" -gt 0 ] || stop 15 "no file of $firmware is asked for by a module of deploy/modules"
    echo "$taken firmware files" >&2
}

take_scripts() {
    cp "$here/deploy/init" "$initrd/init"
    cp "$here"/deploy/lib/*.sh "$here/deploy/udhcpc" "$initrd/lib/netdeploy/"
    cp -R "$here/deploy/first-boot" "$here/deploy/esp-copies" "$initrd/lib/netdeploy/"
    echo "$build_id" >"$initrd/etc/netdeploy/build-id"
    chmod 755 "$initrd/init" "$initrd/lib/netdeploy/udhcpc"
    chmod 644 "$initrd/lib/netdeploy/first-boot/"*.service "$initrd/lib/netdeploy/esp-copies/"80*
    chmod 755 "$initrd/lib/netdeploy/first-boot/netdeploy-first-boot" "$initrd/lib/netdeploy/esp-copies/netdeploy-esp-copies"
}

# Same names, dates, owners and order: same bytes. zstd's threaded form does not depend on the number of threads.
pack() {
    cp "$root/boot/$kernel" "$work/new/vmlinuz"
    chmod 644 "$work/new/vmlinuz"
    find "$initrd" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    (cd "$initrd" && find . | sort | cpio --quiet --reproducible -o -H newc -R 0:0 >"$work/initrd.cpio") || stop 13 "cannot write the archive"
    zstd -q -19 -T2 "$work/initrd.cpio" -o "$work/new/initrd" || stop 13 "cannot compress the archive"
}

write_manifest() {
    local size
    size=$(($(stat -c %s "$work/new/vmlinuz") + $(stat -c %s "$work/new/initrd")))
    [ "$size" -le "$limit" ] || stop 14 "kernel and initrd are $size bytes together, the limit is $limit: less firmware or fewer modules"
    (cd "$work/new" && sha256sum vmlinuz initrd >SHA256SUMS)
    {
        echo "build-id $build_id"
        echo "sources $sources_id"
        echo "suite $suite"
        echo "kernel $kernel_version"
        echo "bytes $size"
        echo "unpacked $(stat -c %s "$work/initrd.cpio")"
        (cd "$work/new" && for file in vmlinuz initrd; do
            echo "file $file $(sha256sum "$file" | cut -d ' ' -f 1) $(stat -c %s "$file")"
        done)
        sed 's/^\([^ ]*\) \([^ ]*\) \([^ ]*\).*/package \1 \2 \3/' "$work/list"
    } >"$work/new/manifest"
    echo "deploy environment $build_id: $size bytes" >&2
}
