# Runs with /usr/bin/busybox alone: nothing is on PATH yet.
b=/usr/bin/busybox
$b mkdir -p /bin /etc /home /root /usr/bin /usr/sbin /var/spool/mail /var/www
$b mkdir -p -m 1777 /tmp
$b mv $b /bin/busybox
b=/bin/busybox
for command in $($b --list); do
    [ "$command" = busybox ] || $b ln /bin/busybox "/bin/$command"
done
PATH=/bin
ln /bin/busybox /usr/bin/env
chmod 700 /root
chown 33:33 /var/www
cat > /etc/passwd <<END
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
END
cat > /etc/group <<END
root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
mail:x:8:
www-data:x:33:www-data
operator:x:37:
users:x:100:
nobody:x:65534:
END
echo 'root:*:::::::' > /etc/shadow
chmod 640 /etc/shadow
rm -rf /usr/share
