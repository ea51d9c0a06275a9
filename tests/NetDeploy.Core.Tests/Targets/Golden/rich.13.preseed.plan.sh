step_plan '2' 'd-0001' 'blade1'
step_select_disk 'system' '4294967296' '68719476736' 'nvme' '' '' 'O'\''Disk *'
step_disk_size 'system' '11012'
step_claim
step_script 'grub-answers' '#!/bin/sh
set -e
debconf-set-selections <<'\''END'\''
grub-efi-amd64 grub2/update_nvram boolean false
grub-efi-amd64 grub2/force_efi_extra_removable boolean true
END
'
step_file '/etc/apt/sources.list.d/debian.sources' '0644' 'root:root' 'Types: deb
URIs: http://10.77.0.1/debian
Suites: trixie
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://10.77.0.1/debian
Suites: trixie-updates
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://security.debian.org/debian-security
Suites: trixie-security
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://tools.example/debian
Suites: stable
Components: main extra
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
'
step_file '/etc/apt/sources.list' '0644' 'root:root' '# See /etc/apt/sources.list.d/debian.sources.
'
step_file '/etc/hostname' '0644' 'root:root' 'blade1
'
step_file '/etc/hosts' '0644' 'root:root' '127.0.0.1 localhost
127.0.1.1 blade1.example.test blade1
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
'
step_file '/etc/systemd/network/10-netdeploy-52-54-00-00-00-07.network' '0644' 'root:root' '[Match]
MACAddress=52:54:00:00:00:07
Type=ether
Kind=!*

[Link]
MTUBytes=9000

[Network]
DHCP=no
Address=10.77.0.31/24
Gateway=10.77.0.1
DNS=10.77.0.1
'
step_file '/etc/systemd/system/systemd-networkd-wait-online.service.d/netdeploy.conf' '0644' 'root:root' '[Service]
ExecStart=
ExecStart=/usr/lib/systemd/systemd-networkd-wait-online --any
'
step_file '/etc/systemd/resolved.conf.d/netdeploy.conf' '0644' 'root:root' '[Resolve]
DNS=10.77.0.53
Domains=example.test
'
step_link '/etc/resolv.conf' '../run/systemd/resolve/stub-resolv.conf'
step_file '/etc/locale.conf' '0644' 'root:root' 'LANG=de_DE.UTF-8
'
step_link '/etc/default/locale' '../locale.conf'
step_file '/etc/default/keyboard' '0644' 'root:root' 'XKBMODEL="pc105"
XKBLAYOUT="de"
XKBVARIANT="nodeadkeys"
XKBOPTIONS=""
BACKSPACE="guess"
'
step_link '/etc/localtime' '../usr/share/zoneinfo/Europe/Berlin'
step_file '/etc/timezone' '0644' 'root:root' 'Europe/Berlin
'
step_file '/etc/systemd/timesyncd.conf.d/netdeploy.conf' '0644' 'root:root' '[Time]
NTP=ntp1.example.test 10.0.0.5
'
step_file '/etc/ssh/sshd_config.d/50-netdeploy.conf' '0644' 'root:root' '# Root logs in by key or not at all.
PermitRootLogin prohibit-password
'
step_group 'web' '3000'
step_user 'root' '' '' '' '$6$saltsalt$HASHHASHHASHHASH' ''
step_authorized_keys 'root' 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq9wR9VfhqXVkFLUnjvNxSVdVWTXFyjCbBdQ0Kd3q5B root'
step_user 'ops' '' 'Operators' '/bin/bash' '' 'sudo'
step_authorized_keys 'ops' 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq9wR9VfhqXVkFLUnjvNxSVdVWTXFyjCbBdQ0Kd3q5A lab'
step_user 'o-neill' '2000' 'Jack O'\''Neill, Größe $6$' '/bin/bash' '' 'web,adm'
step_service 'systemd-networkd' 'enable'
step_service 'ssh' 'enable'
step_service 'apt-daily.timer' 'mask'
step_host_keys 'ed25519,rsa'
step_boot_loader 'system' 'console=tty0 console=ttyS0,115200'
step_script 'hello' '#!/bin/sh
echo '\''it'\''"'\''"'\''s done'\'' > /root/hello
'
step_first_boot 'http://10.77.0.1:8080/deploy/d-0001/installed' 'TOKENTOKEN'
step_finish
