#!/usr/bin/env bash
# The main suite of MariaDB's own test package through sessiongate: the tests that pass directly, in
# test/clients/mariadb_tests.txt. Takes about ten minutes; needs scripts/install-packages.sh clients and the dev build.
#   scripts/mariadb-test.sh                 through sessiongate
#   scripts/mariadb-test.sh direct          the same tests without it
#   scripts/mariadb-test.sh record          makes the list anew, from what passes directly
#   scripts/mariadb-test.sh proxy -- --ps-protocol    with more options for mysql-test-run
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

what="${1:-proxy}"
shift || true
export SESSIONGATE_BINARY="${SESSIONGATE_BINARY:-$PWD/build/dev/proxy/sessiongate}" PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 test/clients/mariadb_tests.py "$what" test/clients/mariadb_tests.txt "$@"
