#!/bin/busybox sh
# The guest's first process, in the kernel's own small file system: it goes on in the root disk.
set -e
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /sys /dev /root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in /modules/*; do insmod "$module"; done
mount -t ext4 /dev/vda /root
mount -t tmpfs -o mode=755 tmpfs /root/run
mkdir /root/run/guest
cp /bin/busybox /guest.sh /root/run/guest/
cp -r /files/. /root/
for place in proc sys dev; do
  mkdir -p "/root/$place"
  mount --move "/$place" "/root/$place"
done
exec switch_root /root /run/guest/busybox sh /run/guest/guest.sh
