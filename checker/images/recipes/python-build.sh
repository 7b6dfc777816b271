# As in the image: `python` is a command, and pip installs for everybody without asking.
ln -s /usr/bin/python3 /usr/local/bin/python
ln -s /usr/bin/python3 /usr/local/bin/python3
rm -f /usr/lib/python3*/EXTERNALLY-MANAGED
# As in the image, whose Python lives in /usr/local: pip installs into site-packages there, and below `--prefix`
# without one more `local`. Debian's Python keeps apart what Debian installs. (Its site.py is frozen: hence a .pth.)
sed -i "s/prefix_scheme = 'posix_local'/prefix_scheme = 'posix_prefix'/
s/'base'\] = _PREFIX$/'base'] = _local(_PREFIX)/
s/'platbase'\] = _EXEC_PREFIX$/'platbase'] = _local(_EXEC_PREFIX)/
s/'base'\] != os.path.normpath(sys.prefix)/'base'] != _local(os.path.normpath(sys.prefix))/
\$a def _local(prefix): return '/usr/local' if prefix == '/usr' else prefix" /usr/lib/python3*/sysconfig/__init__.py
for folder in /usr/local/lib/python3*; do
  mv "$folder/dist-packages" "$folder/site-packages"
  echo "import site; site.addsitedir('$folder/site-packages')" >/usr/lib/python3/dist-packages/local.pth
done
python3 -m compileall -q /usr/lib/python3*/sysconfig
