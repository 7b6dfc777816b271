groupadd --gid 1000 node
useradd --uid 1000 --gid node --shell /bin/bash --create-home node
# npm, and what it depends on.
for package in /course/loose/n[op]*.deb; do dpkg-deb --extract "$package" /course/npm; done
cp --no-dereference /course/npm/usr/bin/npm /course/npm/usr/bin/npx /usr/bin
node - <<'END'
const { cpSync, existsSync, readdirSync, readFileSync } = require('fs')
const [from, to] = ['/course/npm/usr/share/nodejs', '/usr/share/nodejs']
const kept = new Set()
function keep(name) {
  if (kept.has(name) || !existsSync(`${from}/${name}`)) return // Node.js's, or below node_modules of who requires it
  kept.add(name)
  if (!existsSync(`${to}/${name}`)) cpSync(`${from}/${name}`, `${to}/${name}`, { recursive: true, verbatimSymlinks: true })
  for (const file of readdirSync(`${from}/${name}`, { recursive: true }).filter(one => one.endsWith('package.json')))
    Object.keys(JSON.parse(readFileSync(`${from}/${name}/${file}`)).dependencies ?? {}).forEach(keep)
}
// Behind npm: what Debian's changes require, and no package.json names.
for (const name of ['npm', 'clone', 'colors', 'defaults', 'node-fetch', 'supports-color', 'wcwidth.js']) keep(name)
cpSync(`${from}/@npmcli/node_modules`, `${to}/@npmcli/node_modules`, { verbatimSymlinks: true }) // a link
END
for command in node npm npx; do ln -s "/usr/bin/$command" "/usr/local/bin/$command"; done
ln -s node /usr/local/bin/nodejs
chmod 755 /usr/local/bin/docker-entrypoint.sh
