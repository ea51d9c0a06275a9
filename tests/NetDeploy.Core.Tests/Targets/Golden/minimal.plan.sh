step_plan '2' 'd-0001' 'blade1'
step_select_disk 'root' '' '' '' '' '' ''
step_disk_size 'root' '275'
step_claim
step_wipe 'root'
step_partition 'root' '1' '1' 'bios-boot'
step_partition 'root' '2' '256' 'esp'
step_partition 'root' '3' '0' 'linux'
step_partition_table 'root' 'gpt'
step_filesystem 'disk:root:2' 'vfat' 'ESP'
step_filesystem 'disk:root:3' 'ext4' 'root'
step_mount 'disk:root:3' '/' 'errors=remount-ro'
step_mount 'disk:root:2' '/boot/efi' 'umask=0077'
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
step_boot_loader 'root' ''
step_first_boot 'http://10.77.0.1:8080/deploy/d-0001/installed' 'TOKENTOKEN'
step_finish
