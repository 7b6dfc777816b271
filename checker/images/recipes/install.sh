# The first steps of every stand-in on top of debian; its own <key>.sh follows.
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true LC_ALL=C.UTF-8
apt-get install --yes --no-install-recommends --option Dpkg::Use-Pty=0 --option Dpkg::Options::=--force-unsafe-io \
    /course/packages/*.deb
[ ! -d /course/files ] || cp -R /course/files/. /
# A C compiler brings the headers of every processor's kernel. Only this one's stay: each file of an image is looked at
# whenever a layer is made in a user namespace.
if [ -d /usr/lib/linux/uapi ]; then
    own=/usr/include/$(gcc -print-multiarch)
    for folder in /usr/include/*-linux-gnu* /usr/lib/linux/uapi/*; do
        case "$folder" in "$own" | "$(dirname "$(readlink -f "$own/asm")")") ;; *) rm -rf "$folder" ;; esac
    done
fi
