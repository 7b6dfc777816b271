groupadd --gid 1000 node
useradd --uid 1000 --gid node --shell /bin/bash --create-home node
for command in node npm npx; do ln -s "/usr/bin/$command" "/usr/local/bin/$command"; done
ln -s node /usr/local/bin/nodejs
chmod 755 /usr/local/bin/docker-entrypoint.sh
# Debian's npm brings the tools that its libraries are built and tested with: five of six files. The image has
# none of them, and each file is looked at whenever a layer is made in a user namespace.
rm -rf /usr/share/doc/node-*
cd /usr/share/nodejs
rm -rf @babel @bcoe @nodelib @types @webassemblyjs ajv ajv-keywords async async-es caniuse-lite core-js core-js-pure \
    es-abstract eslint handlebars istanbul* jest* lodash lodash-es neo-async regenerate-unicode-properties terser \
    web-streams-polyfill webassemblyjs webpack yargs
