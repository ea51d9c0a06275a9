step_plan '2' 'd-0001' 'blade1'
step_select_disk 'system' '4294967296' '68719476736' 'nvme' '' '' 'O'\''Disk *'
step_select_disk 'data' '' '' '' '' 'DATA1' ''
step_disk_size 'system' '275'
step_disk_size 'data' '2066'
step_claim
step_wipe 'system'
step_wipe 'data'
step_partition 'system' '1' '1' 'bios-boot'
step_partition 'system' '2' '256' 'esp'
step_partition 'system' '3' '0' 'lvm'
step_partition_table 'system' 'gpt'
step_partition 'data' '1' '2048' 'linux'
step_partition 'data' '2' '0' 'lvm'
step_partition_table 'data' 'gpt'
step_volume_group 'vg0' 'disk:system:3' 'disk:data:2'
step_logical_volume 'vg0' 'swap' '1024'
step_logical_volume 'vg0' 'srv' '1024'
step_logical_volume 'vg0' 'var' '2048'
step_logical_volume 'vg0' 'root' '0'
step_filesystem 'disk:system:2' 'vfat' 'ESP'
step_filesystem 'disk:data:1' 'xfs' ''
step_filesystem 'lv:vg0/swap' 'swap' ''
step_filesystem 'lv:vg0/srv' 'ext4' ''
step_filesystem 'lv:vg0/var' 'ext4' ''
step_filesystem 'lv:vg0/root' 'ext4' 'root'
step_mount 'lv:vg0/root' '/' 'errors=remount-ro'
step_mount 'lv:vg0/srv' '/srv' 'defaults'
step_mount 'lv:vg0/var' '/var' 'defaults'
step_mount 'disk:system:2' '/boot/efi' 'umask=0077'
step_mount 'disk:data:1' '/srv/data' 'noatime'
step_mount 'lv:vg0/swap' 'none' 'sw'
step_unpack 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' '123456789'
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
Address=fd00::31/64
Gateway=10.77.0.1
DNS=10.77.0.1
'
step_file '/etc/systemd/network/10-netdeploy-52-54-00-00-00-08.network' '0644' 'root:root' '[Match]
MACAddress=52:54:00:00:00:08
Type=ether
Kind=!*

[Network]
DHCP=yes

[DHCPv4]
ClientIdentifier=mac
UseHostname=no
UseDomains=yes
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
step_user 'root' '' '' '' '' ''
step_authorized_keys 'root' 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq9wR9VfhqXVkFLUnjvNxSVdVWTXFyjCbBdQ0Kd3q5B root'
step_user 'ops' '' 'Operators' '/bin/bash' '' 'sudo'
step_authorized_keys 'ops' 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq9wR9VfhqXVkFLUnjvNxSVdVWTXFyjCbBdQ0Kd3q5A lab'
step_user 'o-neill' '2000' 'Jack O'\''Neill' '/bin/bash' '' 'web,adm'
step_service 'systemd-networkd' 'enable'
step_service 'ssh' 'enable'
step_service 'apt-daily.timer' 'mask'
step_service 'cron' 'disable'
step_host_keys 'ed25519,rsa'
step_boot_loader 'system' 'console=tty0 console=ttyS0,115200'
step_script 'hello' '#!/bin/sh
echo '\''it'\''"'\''"'\''s done'\'' > /root/hello
'
step_first_boot 'http://10.77.0.1:8080/deploy/d-0001/installed' 'TOKENTOKEN'
step_finish
