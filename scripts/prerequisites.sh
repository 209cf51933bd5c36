#!/usr/bin/env bash
# Sees to what pip cannot bring: a C++ compiler, and Python's headers and `venv`, which Debian keeps in packages of their
# own. Installs them where it may (root, apt-get); says what to install where it may not.
set -euo pipefail
python=$1
missing=()
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Firth needs Python 3.11 or later; name one with PYTHON=..."; exit 1; }
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
"$python" -c 'import pathlib, sys, sysconfig; sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").exists())' || missing+=(python3-dev)
command -v c++ >/dev/null || missing+=(g++)
[ ${#missing[@]} = 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"
else
  echo "missing here: ${missing[*]} (names of Debian's packages). Install them and run make again."
  exit 1
fi
