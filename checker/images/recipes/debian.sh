# The packages' files lie here already, unpacked; dpkg does not know of them yet.
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true LC_ALL=C.UTF-8

cat > /etc/dpkg/dpkg.cfg.d/docker <<END
# No manuals and translations; no waiting for the disk after every file.
force-unsafe-io
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
END
mkdir -p /etc/apt/apt.conf.d /etc/apt/sources.list.d
cat > /etc/apt/apt.conf.d/docker <<END
# Downloaded packages and translations would only make layers bigger.
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
APT::Keep-Downloaded-Packages "false";
Acquire::Languages "none";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
END
cat > /etc/apt/sources.list.d/debian.sources <<END
Types: deb
URIs: $MIRROR
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp
END
printf '#!/bin/sh\n# No service starts while packages are installed.\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d

cp /usr/share/base-passwd/passwd.master /etc/passwd
cp /usr/share/base-passwd/group.master /etc/group
ln -sf mawk /usr/bin/awk
touch /var/lib/dpkg/status
dpkg --force-depends --install /course/packages/*.deb
dpkg --configure --pending
rm -rf /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/lib/apt/lists/* /var/log/*
