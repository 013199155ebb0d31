#!/bin/bash
# isolated.sh CMD...: run CMD with a network, mounts, processes and a libvirt of its own (namespaces), so that nothing is
# left behind and port 5000 is free; out to the network through slirp4netns if NET=1. S is the folder for its files.
set -eu
export S=${S:?}
rm -rf "$S"; mkdir -p "$S"/{run,varlib,etc/qemu,cache,pool,vhome} /run/libvirt /var/lib/libvirt /etc/libvirt /var/cache/libvirt
getent passwd libvirt-qemu >/dev/null || { getent group kvm >/dev/null || groupadd -r kvm; useradd -r -d /var/lib/libvirt -s /usr/sbin/nologin -U libvirt-qemu; }
cat > "$S/etc/qemu.conf" <<'X'
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
X
cat > "$S/etc/libvirtd.conf" <<X
unix_sock_group = "root"
auth_unix_ro = "none"
auth_unix_rw = "none"
log_level = 3
log_outputs = "3:file:$S/libvirtd.log"
X
cat > "$S/init.sh" <<'X'
set -eu
ip link set lo up
mount -t sysfs sysfs /sys
mount --bind "$S/run" /run/libvirt; mount --bind "$S/varlib" /var/lib/libvirt
mount --bind "$S/etc" /etc/libvirt; mount --bind "$S/cache" /var/cache/libvirt
touch "$S/ready"; while [ ! -e "$S/go" ]; do sleep .05; done
echo 1 > /proc/sys/net/ipv4/ip_forward
/usr/sbin/libvirtd -f /etc/libvirt/libvirtd.conf -d -p /run/libvirt/libvirtd.pid
for i in $(seq 50); do virsh -c qemu:///system version >/dev/null 2>&1 && break; sleep .2; done
virsh -q -c qemu:///system pool-define-as default dir --target "$S/pool"; virsh -q -c qemu:///system pool-start default
exec "$@"
X
unshare --net --mount --pid --fork --kill-child=KILL --mount-proc --propagation private bash "$S/init.sh" "$@" & U=$!
while [ ! -e "$S/ready" ]; do sleep .05; kill -0 $U; done
C=$(cat /proc/$U/task/$U/children); SL=
if [ "${NET:-0}" = 1 ]; then
  slirp4netns --configure --mtu=1400 --disable-host-loopback "${C% }" tap0 >"$S/slirp.log" 2>&1 & SL=$!; sleep 1
fi
touch "$S/go"; rc=0; wait $U || rc=$?
[ -z "$SL" ] || kill $SL 2>/dev/null || true
exit $rc
