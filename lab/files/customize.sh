#!/bin/sh
# Called by mmdebstrap with the folder of a new root file system: makes it a server that one can
# log in to. Keys are not part of it: each host gets its own.
set -eu
root=$1

rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/resolv.conf" "$root/etc/hostname"

for user in admin plain alice bob; do
    chroot "$root" useradd --create-home --shell /bin/bash "$user"
done
echo 'admin ALL=(ALL) NOPASSWD:ALL' >"$root/etc/sudoers.d/admin"
chmod 0440 "$root/etc/sudoers.d/admin"

# There is no console, and the clock and the kernel are the machine's.
chroot "$root" systemctl mask --quiet console-getty.service getty.target systemd-timesyncd.service
chroot "$root" systemctl set-default --quiet multi-user.target
