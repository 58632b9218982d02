#!/usr/bin/env bash
# Installs what is needed, builds, and runs every test; see --help.
# shellcheck disable=SC2317 # functions are run by name, through stage()
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'END'
usage: scripts/test.sh [option…] [-- pytest arguments…]

Without options: everything. Format, the dev build with its unit and integration tests, the clients (test/clients), the
quickstart's scenario, clang-tidy, the same tests again under AddressSanitizer + UndefinedBehaviorSanitizer and under ThreadSanitizer,
each fuzz target for some seconds, and the guard on what one query costs (docs/performance.md). Stops at the first stage
that fails.

  --quick             format and the dev build with all its tests only
  --preset NAME       only this preset: dev, asan, tsan or fuzz
  --clients           the dev build and the programs in many languages that run directly and through the proxy only
  --guard             format, the release build and the guard on what one query costs only
  --integration-only  leave out all but the build and the integration tests (of --preset, else dev)
  --no-install        do not look for missing packages
  --help

What follows -- goes to pytest, as in: scripts/test.sh --integration-only -- -k stress
Environment: SESSIONGATE_FUZZ_SECONDS (for each fuzz target; default 10).
END
}

presets=(dev asan tsan fuzz)
extras=true            # stages that concern no preset of their own
integration_only=false
clients_only=false
install=true
pytest_arguments=()

while [[ $# -gt 0 ]]; do
  case "$1" in
    --quick) presets=(dev) extras=false ;;
    --preset)
      presets=("${2:?--preset needs a name}") extras=false
      [[ " dev asan tsan fuzz " == *" $2 "* ]] || { echo "test.sh: no such preset: $2" >&2; exit 2; }
      shift
      ;;
    --guard) presets=() ;;
    --integration-only) integration_only=true extras=false ;;
    --clients) clients_only=true presets=(dev) extras=false ;;
    --no-install) install=false ;;
    --help) usage; exit 0 ;;
    --) shift; pytest_arguments=("$@"); break ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
if $integration_only && [[ ${#presets[@]} -gt 1 ]]; then presets=(dev); fi

logs=build/test-logs
rm -rf "$logs"
mkdir -p "$logs"
summary=()

# Numbers of passed and failed test cases in a stage's output: Catch2, unittest, pytest, and ctest for the fuzz targets.
count_cases() {
  awk -v fuzz="$([[ "$1" == fuzz:* ]] && echo 1 || echo 0)" '
    function number_before(word,   found) {
      return match($0, "[0-9]+ " word) ? substr($0, RSTART) + 0 : 0
    }
    /All tests passed \([0-9]+ assertions? in/ { sub(/.* in /, ""); passed += $0 + 0; next }
    /test cases: +[0-9]+ \|/ { passed += number_before("passed"); failed += number_before("failed"); next }
    /: Ran [0-9]+ tests? in/ { sub(/.*Ran /, ""); ran = $0 + 0; passed += ran; next }
    /: FAILED \((failures|errors)=/ {
      wrong = 0
      while (match($0, /(failures|errors)=[0-9]+/)) {
        split(substr($0, RSTART, RLENGTH), part, "="); wrong += part[2]; $0 = substr($0, RSTART + RLENGTH)
      }
      passed -= wrong; failed += wrong; next
    }
    /^=+ .*(passed|failed|error).* in [0-9.]+s/ {
      passed += number_before("passed"); failed += number_before("failed") + number_before("error"); next
    }
    /^clients: [0-9]+ passed, [0-9]+ failed/ { passed += number_before("passed"); failed += number_before("failed"); next }
    fuzz && /tests passed, [0-9]+ tests? failed out of [0-9]+/ {
      wrong = number_before("tests? failed"); sub(/.*out of /, ""); passed += $0 - wrong; failed += wrong
    }
    END { print passed + 0, failed + 0 }' "$2"
}

finish() {
  local result="$1" passed=0 failed=0 line
  echo
  printf '%-22s %6s  %8s %8s  %s\n' stage time passed failed ''
  for line in "${summary[@]}"; do
    read -r name time stage_passed stage_failed word <<<"$line"
    printf '%-22s %5ss  %8s %8s  %s\n' "$name" "$time" "$stage_passed" "$stage_failed" "$word"
    passed=$((passed + stage_passed)) failed=$((failed + stage_failed))
  done
  echo "$passed passed, $failed failed"
  exit "$result"
}

# stage NAME COMMAND…: runs it with its output shown and kept; ends everything when it fails.
stage() {
  local name="$1" begun=$SECONDS result=0 cases
  local log="$logs/${name//[^a-z0-9]/-}.log"
  shift
  printf '\n=== %s\n' "$name"
  "$@" </dev/null 2>&1 | tee "$log" || result=$?
  cases="$(count_cases "$name" "$log")"
  if [[ $result -ne 0 && "${cases#* }" == 0 ]]; then cases="${cases% *} 1"; fi
  summary+=("${name// /} $((SECONDS - begun)) $cases $([[ $result -eq 0 ]] && echo ok || echo FAILED)")
  [[ $result -eq 0 ]] || finish 1
}

sources() {
  find protocol session admin proxy test -name '*.hpp' -o -name '*.cpp' | sort
}

check_format() {
  sources | xargs clang-format-19 --dry-run -Werror
}

build() {
  local settings=()
  if [[ "$1" == fuzz ]]; then settings=("-DSESSIONGATE_FUZZ_SECONDS=${SESSIONGATE_FUZZ_SECONDS:-10}"); fi
  cmake --preset "$1" "${settings[@]}" && cmake --build --preset "$1"
}

integration() {
  local preset="$1" slowness=1 sessions=200 rounds=8
  case "$preset" in
    asan) slowness=3 sessions=100 rounds=3 ;;
    tsan) slowness=5 sessions=60 rounds=3 ;;
  esac
  SESSIONGATE_BINARY="$PWD/build/$preset/proxy/sessiongate" SESSIONGATE_TEST_SLOWNESS=$slowness \
    SESSIONGATE_TEST_SESSIONS=$sessions SESSIONGATE_RECOVERY_ROUNDS=${SESSIONGATE_RECOVERY_ROUNDS:-$rounds} PYTHONDONTWRITEBYTECODE=1 \
    /usr/bin/python3 -m pytest -v test/integration "${pytest_arguments[@]}"
}

clients() {
  SESSIONGATE_BINARY="$PWD/build/dev/proxy/sessiongate" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 test/clients/run.py &&
    SESSIONGATE_BINARY="$PWD/build/dev/proxy/sessiongate" PYTHONDONTWRITEBYTECODE=1 SESSIONGATE_RECOVERY_CLIENTS=required \
      SESSIONGATE_RECOVERY_ROUNDS=${SESSIONGATE_RECOVERY_ROUNDS:-60} /usr/bin/python3 -m pytest -v test/integration/test_recovery_rounds.py
}

guard() {
  cmake --preset release >/dev/null && cmake --build --preset release --target sessiongate bench_programs &&
    /usr/bin/python3 test/bench/count_guard.py
}

tidy() {
  find protocol session admin proxy -name '*.cpp' | sort |
    xargs run-clang-tidy-19 -p build/dev -quiet -j "$(nproc)" 2>&1 |
    grep -v -e '^\[' -e '^clang-tidy' -e 'warnings generated' -e '^Suppressed' -e '^Use -header-filter'
  return "${PIPESTATUS[2]}"
}

# What the sanitizers are told is in CMakePresets.json for ctest; the integration tests need the same.
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=second_deadlock_stack=1:halt_on_error=1:external_symbolizer_path=/usr/bin/llvm-symbolizer-19
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
export CCACHE_SLOPPINESS=pch_defines,time_macros

if $install; then
  sections=(build quickstart test)
  if $extras || $clients_only; then sections+=(clients); fi
  stage packages scripts/install-packages.sh "${sections[@]}"
fi
if $clients_only; then
  stage "dev: build" build dev
  stage clients clients
  finish 0
fi
$integration_only || stage format check_format
for preset in "${presets[@]}"; do
  stage "$preset: build" build "$preset"
  $integration_only || stage "$preset: unit" ctest --preset "$preset" --verbose
  [[ "$preset" == fuzz ]] || stage "$preset: integration" integration "$preset"
  if $extras && [[ "$preset" == dev ]]; then
    stage clients clients
    stage quickstart scripts/quickstart.sh --once --binary build/dev/proxy/sessiongate
    stage clang-tidy tidy
  fi
done
if $extras; then stage guard guard; fi
finish 0
