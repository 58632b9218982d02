#!/usr/bin/env bash
# Installs what is needed, builds the release and the bench programs, and runs the benchmark; see --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'END_OF_USAGE'
usage: scripts/bench.sh [--kills] [--no-install] [--no-build] [option…]

Measures direct connections, HAProxy (TCP mode, one thread), a bare relay ("floor") and sessiongate (one worker) side
by side, in interleaved rounds, on 127.0.0.1, against a backend with canned answers and against a MariaDB of its own.
Prints a table and writes results.json and results.svg to build/bench. Takes up to 20 minutes, with --quick about 3.
Wants a quiet machine with two cores or more; docs/performance.md tells what the numbers mean.

  --kills       measures instead how long kills take, by each route: about 15 minutes; its own options: --kills --help
  --no-install  do not look for missing packages
  --no-build    measure what has been built already

END_OF_USAGE
  /usr/bin/python3 test/bench/bench.py --help | sed -n '/^options:/,$p'
}

install=true build=true program=bench.py help=false
options=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --no-install) install=false ;;
    --no-build) build=false ;;
    --kills) program=kill_latency.py ;;
    --help) help=true ;;
    *) options+=("$1") ;;
  esac
  shift
done
if $help && [[ $program == bench.py ]]; then usage; exit 0; fi
if $help; then exec /usr/bin/python3 "test/bench/$program" --help; fi

if $install; then scripts/install-packages.sh build bench; fi
if $build; then
  cmake --preset release >/dev/null
  cmake --build --preset release --target sessiongate bench_programs
fi
exec /usr/bin/python3 "test/bench/$program" "${options[@]}"
