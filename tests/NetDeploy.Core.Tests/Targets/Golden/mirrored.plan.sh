step_plan '2' 'd-0001' 'blade1'
step_select_disks 'disk' '2' '' '' 'virtio' '' '' ''
step_disk_size 'disk-1' '5021'
step_disk_size 'disk-2' '5021'
step_needs_tang 'http://10.77.0.1:7500'
step_claim
step_wipe 'disk-1'
step_wipe 'disk-2'
step_partition 'disk-1' '1' '1' 'bios-boot'
step_partition 'disk-1' '2' '128' 'esp'
step_partition 'disk-1' '3' '512' 'raid'
step_partition 'disk-1' '4' '0' 'raid'
step_partition_table 'disk-1' 'gpt'
step_partition 'disk-2' '1' '1' 'bios-boot'
step_partition 'disk-2' '2' '128' 'esp'
step_partition 'disk-2' '3' '512' 'raid'
step_partition 'disk-2' '4' '0' 'raid'
step_partition_table 'disk-2' 'gpt'
step_raid 'boot' '1' 'disk:disk-1:3' 'disk:disk-2:3'
step_raid 'system' '1' 'disk:disk-1:4' 'disk:disk-2:4'
step_luks 'system_crypt' 'raid:system' ''
step_volume_group 'vg0' 'luks:system_crypt'
step_logical_volume 'vg0' 'swap' '256'
step_logical_volume 'vg0' 'root' '4096'
step_logical_volume 'vg0' 'data' '0'
step_filesystem 'disk:disk-1:2' 'vfat' 'ESP'
step_filesystem 'raid:boot' 'ext4' ''
step_filesystem 'lv:vg0/swap' 'swap' ''
step_filesystem 'lv:vg0/root' 'xfs' ''
step_filesystem 'lv:vg0/data' 'btrfs' ''
step_subvolume 'lv:vg0/data' '@home'
step_subvolume 'lv:vg0/data' '@logs'
step_subvolume 'lv:vg0/data' 'spare'
step_mount 'lv:vg0/root' '/' 'defaults'
step_mount 'raid:boot' '/boot' 'defaults'
step_mount 'lv:vg0/data' '/home' 'subvol=@home,defaults'
step_mount 'lv:vg0/data' '/srv' 'defaults'
step_mount 'disk:disk-1:2' '/boot/efi' 'umask=0077'
step_mount 'lv:vg0/data' '/var/log' 'subvol=@logs,noatime'
step_mount 'lv:vg0/swap' 'none' 'sw'
step_unpack 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' '123456789'
step_file '/etc/hostname' '0644' 'root:root' 'blade1
'
step_file '/etc/hosts' '0644' 'root:root' '127.0.0.1 localhost
127.0.1.1 blade1
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
'
step_file '/etc/systemd/network/80-netdeploy-ethernet.network' '0644' 'root:root' '[Match]
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
step_link '/etc/resolv.conf' '../run/systemd/resolve/stub-resolv.conf'
step_file '/etc/locale.conf' '0644' 'root:root' 'LANG=C.UTF-8
'
step_link '/etc/default/locale' '../locale.conf'
step_link '/etc/localtime' '../usr/share/zoneinfo/Etc/UTC'
step_file '/etc/timezone' '0644' 'root:root' 'Etc/UTC
'
step_file '/etc/ssh/sshd_config.d/50-netdeploy.conf' '0644' 'root:root' '# Root logs in by key or not at all.
PermitRootLogin prohibit-password
'
step_user 'root' '' '' '' '' ''
step_user 'ops' '' 'Operators' '/bin/bash' '' 'sudo'
step_authorized_keys 'ops' 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq9wR9VfhqXVkFLUnjvNxSVdVWTXFyjCbBdQ0Kd3q5A lab'
step_service 'systemd-networkd' 'enable'
step_host_keys 'ed25519'
step_unlock 'system_crypt' 'tang' '{"url":"http://10.77.0.1:7500","thp":"h3MZxfX-vLOsYTCYRUZVuxCpcjMKSPtrXjnjkEUDZ0E"}'
step_initramfs
step_boot_loader 'disk-1,disk-2' ''
step_esp_copy 'disk:disk-2:2'
step_first_boot 'http://10.77.0.1:8080/deploy/d-0001/installed' 'TOKENTOKEN'
step_finish
