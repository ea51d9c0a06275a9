# shellcheck shell=dash
# The image: one stream from the server through hash and decompressor into the file systems, never kept whole.

unpacked=

# Every part leaves its exit status in a file: the shell keeps only the last one of a pipe.
stream_image() {
    rm -f "$ND"/status.*
    [ -p "$ND/hashed" ] || mkfifo "$ND/hashed"
    /bin/sha256sum <"$ND/hashed" >"$ND/sha256" &
    {
        wget -q -O - --header "Authorization: Bearer $token" "$url/deploy/$deployment/image"
        echo $? >"$ND/status.wget"
    } | {
        # By the shell's own process, so that the parent finds the count of bytes in its /proc/PID/io.
        sh -c 'echo $$ >"$1"; exec tee "$2"' tee "$ND/tee.pid" "$ND/hashed"
    } | {
        /bin/zstd -q -d -c
        echo $? >"$ND/status.zstd"
    } | {
        /bin/tar -x -p -f - --xattrs --xattrs-include='*' --numeric-owner -C "$TARGET"
        echo $? >"$ND/status.tar"
    }
    wait $!
    echo ended >"$ND/status.all"
}

bytes_received() {
    local pid
    pid=$(cat "$ND/tee.pid" 2>/dev/null) && sed -n 's/^rchar: //p' "/proc/$pid/io" 2>/dev/null
}

# Reports the percentage until the stream ends.
watch_stream() { # BYTES STREAM-PID
    local bytes percent last=0
    while kill -0 "$2" 2>/dev/null && [ ! -e "$ND/status.all" ]; do
        sleep 1
        bytes=$(bytes_received)
        [ -n "$bytes" ] || continue
        percent=$((bytes * 100 / $1))
        [ "$percent" -le 100 ] || percent=100
        if [ "$percent" -ge $((last + 3)) ]; then
            last=$percent
            progress step_unpack "$percent" "$((bytes / 1048576)) of $(($1 / 1048576)) MiB"
            printf '\rnetdeploy: unpacking %s %%  ' "$percent" >&3
        fi
    done
    printf '\r' >&3
}

status_of() { cat "$ND/status.$1" 2>/dev/null || echo none; }

# What an interrupted stream left is removed; the file systems stay.
empty_target() { find "$TARGET" -mindepth 1 -depth ! -name lost+found -exec rm -rf {} + 2>/dev/null; }

step_unpack() { # SHA256 BYTES
    local try stream got pause=2
    begin step_unpack "$(($2 / 1048576)) MiB"
    needs_claim
    is_mounted "$TARGET" || fail "no file system is mounted on /"
    for try in 1 2 3 4 5; do
        rm -f "$ND/tee.pid"
        stream_image &
        stream=$!
        watch_stream "$2" "$stream"
        wait "$stream"
        [ "$(status_of wget)" != 0 ] || break
        [ -z "$(disk_full)" ] || break
        [ "$try" -lt 5 ] || fail "the image did not arrive whole after $try tries"
        say "the image's stream broke; again in $pause s"
        sleep "$pause"
        [ "$pause" -ge 8 ] || pause=$((pause * 2))
        empty_target
    done
    got=$(cut -d ' ' -f 1 "$ND/sha256")
    [ "$(status_of zstd)" = 0 ] && [ "$(status_of tar)" = 0 ] || \
        fail "cannot unpack the image (zstd $(status_of zstd), tar $(status_of tar)): $(tail -n 3 "$ND/log" | tr '\n' ' ')$(disk_full)"
    [ "$got" = "$1" ] || fail "the image's SHA-256 is $got, the plan says $1: not installed"
    unpacked=yes
    progress step_unpack 100 "hash verified"
    write_fstab
    write_arrays
    write_crypttab
    write_machine_id
    prepare_target
}

disk_full() { [ "$(df -k "$TARGET" | awk 'END { print $(NF - 2) }')" -gt 1024 ] || echo '; the root file system is full'; }
