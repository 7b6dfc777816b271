# As in the image: `python` is a command, and pip installs for everybody without asking.
ln -s /usr/bin/python3 /usr/local/bin/python
ln -s /usr/bin/python3 /usr/local/bin/python3
rm -f /usr/lib/python3*/EXTERNALLY-MANAGED
