#!/bin/bash
# build-box.sh SUITE PACKAGES FILE.box: a libvirt box of Debian's own packages, as root, with a loop device.
# Boxes of the registry cannot be had everywhere; this one is minimal, and brings what a test does not want to download.
set -euo pipefail
SUITE=$1 EXTRA=$2 BOX=$3
W=$(mktemp -d "${BOX%/*}/build.XXXXXX"); IMG=$W/disk.raw; MNT=$W/mnt; LOOP=; mkdir "$MNT"
trap 'if mountpoint -q "$MNT"; then umount -R "$MNT"; fi; [ -z "$LOOP" ] || losetup -d "$LOOP"; rm -rf "$W"' EXIT
MIRROR=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -1 | sed 's#/*$##')
SECURITY=${MIRROR%/debian}/debian-security

truncate -s 8G "$IMG"
echo 'start=2048, type=83, bootable' | sfdisk -q "$IMG"
LOOP=$(losetup -f --show -o $((2048 * 512)) "$IMG")
mkfs.ext4 -q -L root -O ^64bit,^metadata_csum "$LOOP"   # extlinux can read no more than this
UUID=$(blkid -s UUID -o value "$LOOP")
mount "$LOOP" "$MNT"

SYSTEM=systemd-sysv,udev,dbus,linux-image-cloud-amd64,initramfs-tools,zstd,apparmor,kmod,procps,sudo,curl,rsync
NETWORK=openssh-server,ca-certificates,iproute2,libnss-resolve,systemd-resolved
# shellcheck disable=SC2016  # $1 is for mmdebstrap's own shell
mmdebstrap --quiet --variant=minbase --include="$SYSTEM,$NETWORK${EXTRA:+,$EXTRA}" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --setup-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"
    printf "MODULES=list\nCOMPRESS=zstd\nRESUME=none\n" > "$1/etc/initramfs-tools/conf.d/box"
    printf "virtio_pci\nvirtio_blk\nvirtio_net\next4\n" > "$1/etc/initramfs-tools/modules"' \
  "$SUITE" "$MNT" "deb $MIRROR $SUITE main" "deb $MIRROR $SUITE-updates main" "deb $SECURITY $SUITE-security main"

echo "UUID=$UUID / ext4 defaults,noatime 0 1" > "$MNT/etc/fstab"
echo box > "$MNT/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 box\n' > "$MNT/etc/hosts"
printf '[Match]\nName=eth* en*\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n' > "$MNT/etc/systemd/network/80-dhcp.network"
cp /usr/local/share/ca-certificates/*.crt "$MNT/usr/local/share/ca-certificates/" 2>/dev/null || true
chroot "$MNT" /bin/bash -eu <<'C'
update-ca-certificates >/dev/null
useradd -m -s /bin/bash -G sudo vagrant
echo 'vagrant:vagrant' | chpasswd
echo 'vagrant ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/vagrant; chmod 440 /etc/sudoers.d/vagrant
install -d -m 700 -o vagrant -g vagrant /home/vagrant/.ssh
printf 'UseDNS no\nGSSAPIAuthentication no\n' > /etc/ssh/sshd_config.d/vagrant.conf
ssh-keygen -A >/dev/null
systemctl -q enable systemd-networkd systemd-resolved ssh serial-getty@ttyS0
systemctl -q mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
  e2scrub_reap.service systemd-networkd-wait-online.service
systemctl -q set-default multi-user.target
: > /etc/machine-id
if getent group docker >/dev/null; then usermod -aG docker vagrant; fi
C
cat /usr/share/rubygems-integration/all/gems/vagrant-*/keys/vagrant.pub > "$MNT/home/vagrant/.ssh/authorized_keys"
chroot "$MNT" chown vagrant: /home/vagrant/.ssh/authorized_keys
chmod 600 "$MNT/home/vagrant/.ssh/authorized_keys"
ln -sf ../run/systemd/resolve/stub-resolv.conf "$MNT/etc/resolv.conf"

mkdir -p "$MNT/boot/extlinux"
cat > "$MNT/boot/extlinux/extlinux.conf" <<X
DEFAULT linux
PROMPT 0
TIMEOUT 1
LABEL linux
  LINUX /vmlinuz
  INITRD /initrd.img
  APPEND root=UUID=$UUID ro net.ifnames=0 console=tty0 console=ttyS0,115200 quiet mitigations=off audit=0
X
cp /usr/lib/syslinux/modules/bios/*.c32 "$MNT/boot/extlinux/"
extlinux --install "$MNT/boot/extlinux" 2>/dev/null
fstrim "$MNT"; umount "$MNT"; losetup -d "$LOOP"; LOOP=
dd if=/usr/lib/EXTLINUX/mbr.bin of="$IMG" bs=440 count=1 conv=notrunc status=none

qemu-img convert -O qcow2 "$IMG" "$W/box.img"
echo '{"provider":"libvirt","format":"qcow2","virtual_size":8}' > "$W/metadata.json"
echo 'Vagrant.configure("2") { |config| }' > "$W/Vagrantfile"
tar --sparse -C "$W" -cf "$W/box.tar" metadata.json Vagrantfile box.img
mv "$W/box.tar" "$BOX"
