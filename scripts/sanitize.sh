#!/usr/bin/env bash
# Builds the kernel with one of gcc's sanitizers after another and runs the kernel's tests against it.
#   scripts/sanitize.sh [address] [undefined] [thread]
# -S and PYTHONPATH keep Python from finding the editable install, whose kernel has no sanitizer in it.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
library() { gcc -print-file-name="lib$1.so"; }

for sanitizer in "${@:-address undefined thread}"; do for each in $sanitizer; do
  target=build/sanitize/$each
  rm -rf "$target"
  "$python" -m pip install --quiet --no-build-isolation --no-deps --target "$target" \
    --config-settings=build-dir="build/sanitize-$each" --config-settings=cmake.define.FIRTH_SANITIZE="$each" .
  case $each in
    address) preload="$(library asan) $(library stdc++)" ;;
    thread) preload=$(library tsan) ;;
    *) preload="" ;;
  esac
  echo "== $each"
  run=(-m pytest -q -p no:cacheprovider -W ignore tests/training tests/vectors tests/maps tests/corpus/test_text*.py
    tests/corpus/test_phrases.py)
  [ "$each" = thread ] && run=(scripts/check_races.py)
  # The interpreter's own allocations are not what is tested here: no leak check. OpenBLAS' threads are not ours either.
  LD_PRELOAD=$preload ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    TSAN_OPTIONS=exitcode=66 OPENBLAS_NUM_THREADS=1 PYTHONPATH="$target:$site" "$python" -S "${run[@]}"
done; done
