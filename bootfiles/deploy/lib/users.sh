# shellcheck shell=dash
# Groups, users, keys of people and of the host.

step_group() { # NAME GID
    begin step_group "$1"
    needs_target
    ! grep -q "^$1:" "$TARGET/etc/group" || return 0
    must "cannot add group $1" in_target /usr/sbin/groupadd ${2:+-g "$2"} "$1"
}

step_user() { # NAME UID COMMENT SHELL HASH GROUPS
    # '*' fits no password, and unlike '!' leaves the account open to keys where sshd asks no PAM.
    local hash=${5:-*}
    begin step_user "$1"
    needs_target
    if grep -q "^$1:" "$TARGET/etc/passwd"; then
        must "cannot change user $1" in_target /usr/sbin/usermod -p "$hash" ${3:+-c "$3"} ${4:+-s "$4"} ${6:+-a -G "$6"} "$1"
    else
        must "cannot add user $1" in_target /usr/sbin/useradd -m -p "$hash" ${2:+-u "$2"} ${3:+-c "$3"} -s "${4:-/bin/bash}" \
            ${6:+-G "$6"} "$1"
    fi
}

step_authorized_keys() { # USER KEYS
    local home owner
    begin step_authorized_keys "$1"
    needs_target
    home=$(awk -F: -v u="$1" '$1 == u { print $6 }' "$TARGET/etc/passwd")
    owner=$(awk -F: -v u="$1" '$1 == u { print $3 ":" $4 }' "$TARGET/etc/passwd")
    [ -n "$home" ] || fail "no user $1 in the target"
    mkdir -p "$TARGET$home/.ssh"
    printf '%s\n' "$2" | sed '/^$/d' >"$TARGET$home/.ssh/authorized_keys"
    chmod 0700 "$TARGET$home/.ssh"
    chmod 0600 "$TARGET$home/.ssh/authorized_keys"
    must "cannot give the keys to $1" chown -R "$owner" "$TARGET$home/.ssh"
}

# Host keys are made on the machine and never leave it; what leaves is their public half.
step_host_keys() { # TYPES
    local type name
    begin step_host_keys "${1:-ed25519}"
    needs_target
    [ -x "$TARGET/usr/bin/ssh-keygen" ] || fail "the image has no ssh-keygen: add openssh-server to the profile's packages"
    rm -f "$TARGET"/etc/ssh/ssh_host_*_key "$TARGET"/etc/ssh/ssh_host_*_key.pub
    name=$(head -n 1 "$TARGET/etc/hostname" 2>/dev/null)
    for type in $(echo "${1:-ed25519}" | tr ',' ' '); do
        must "cannot make the $type host key" in_target /usr/bin/ssh-keygen -q -t "$type" -N '' \
            -C "root@${name:-$machine}" -f "/etc/ssh/ssh_host_${type}_key"
    done
    cat "$TARGET"/etc/ssh/ssh_host_*_key.pub >"$ND/host-keys"
    http 300 POST host-keys "$ND/host-keys" || fail "the host keys were not taken: $http_reason"
}
