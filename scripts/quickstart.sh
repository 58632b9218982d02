#!/usr/bin/env bash
# sessiongate in front of a throwaway MariaDB, with the session-control scenario played on it; see --help.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

usage() {
  cat <<'END'
usage: scripts/quickstart.sh [--once] [--binary PATH] [--no-install]

Installs what is missing, builds sessiongate, starts a MariaDB server of its own (private directory and port) and
sessiongate in front of it, and plays the scenario with the real mariadb client: list the sessions, kill one's own,
see the client reconnect as a new session, kill another, and the same over HTTP. Then stays up until Ctrl-C, and takes
down what it started.

  --once          end after the scenario; the exit code is not 0 when a step is not as documented
  --binary PATH   use this sessiongate instead of building one
  --no-install    do not look for missing packages
END
}

once=false install=true binary=""
while [[ $# -gt 0 ]]; do
  case "$1" in
    --once) once=true ;;
    --binary) binary="$(realpath "${2:?--binary needs a path}")"; shift ;;
    --no-install) install=false ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

if [[ -t 1 ]]; then bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'; else bold='' green='' red='' plain=''; fi
title() { printf '\n%s── %s%s\n\n' "$bold" "$*" "$plain"; }
good() { printf '   %s✔ %s%s\n' "$green" "$*" "$plain"; }

bad() {
  printf '   %s✘ %s%s\n' "$red" "$*" "$plain" >&2
  if [[ -s "$directory/sessiongate.log" ]]; then
    echo "   The end of sessiongate's log:" >&2
    tail -n 20 "$directory/sessiongate.log" >&2
  fi
  exit 1
}

# expect WHAT REGEX TEXT: one step of the scenario is as documented, or it ends here.
expect() {
  [[ "$3" =~ $2 ]] || bad "$1 (expected: $2)"
  good "$1"
}

# --- what is started, and its end

directory="$(mktemp -d "${TMPDIR:-/tmp}/sessiongate-quickstart.XXXXXX")"
started=()

take_down() {
  trap '' INT TERM
  local at
  for ((at = ${#started[@]} - 1; at >= 0; at--)); do
    kill "${started[at]}" 2>/dev/null || true
    wait "${started[at]}" 2>/dev/null || true
  done
  rm -rf "$directory"
}
trap take_down EXIT
trap 'exit 130' INT TERM

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 10000))
    answers "$port" || { echo "$port"; return; }
  done
  bad "no free port found"
}

wait_until() {
  local what="$1"
  shift
  for _ in {1..600}; do
    if "$@"; then return; fi
    sleep 0.1
  done
  bad "$what"
}

sql_directly() { MYSQL_PWD="" mariadb --no-defaults --socket="$directory/socket" -uroot "$@" 2>/dev/null; }

start_mariadb() {
  local options=(--no-defaults "--datadir=$directory/data")
  [[ $EUID -ne 0 ]] || options+=(--user=root)
  mariadb-install-db "${options[@]}" --auth-root-authentication-method=normal --skip-test-db \
    >"$directory/mariadb.log" 2>&1 || { cat "$directory/mariadb.log" >&2; bad "MariaDB cannot make its directory"; }
  "$(command -v mariadbd || echo /usr/sbin/mariadbd)" "${options[@]}" --bind-address=127.0.0.1 --port="$database_port" \
    --socket="$directory/socket" --pid-file="$directory/mariadb.pid" --skip-networking=0 --skip-name-resolve \
    --skip-log-bin >>"$directory/mariadb.log" 2>&1 </dev/null &
  started+=($!)
  wait_until "MariaDB does not start" sql_directly -e "SELECT 1" >/dev/null
  sql_directly -e "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost'; FLUSH PRIVILEGES;
    CREATE USER root@'%' IDENTIFIED BY '$password'; GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
    CREATE DATABASE demo;"
}

# port_of EVENT: where sessiongate listens, from its log.
port_of() { sed -nE "s/.* $1 .*address=[^ ]*:([0-9]+).*/\1/p" "$directory/sessiongate.log" | head -n 1; }
has_port() { [[ -n "$(port_of "$1")" ]]; }

start_sessiongate() {
  local listen=127.0.0.1:2883 admin=127.0.0.1:2884
  if $once || answers 2883 || answers 2884; then listen=127.0.0.1:0 admin=127.0.0.1:0; fi
  (umask 077 && echo "$token" >"$directory/token" && echo "$password" >"$directory/control")
  "$binary" --backend "127.0.0.1:$database_port" --cluster obdemo --listen "$listen" --admin-listen "$admin" \
    --admin-token-file "$directory/token" --control-user root --control-password-file "$directory/control" \
    2>"$directory/sessiongate.log" </dev/null &
  started+=($!)
  wait_until "sessiongate does not start" has_port listening
  wait_until "sessiongate's HTTP API does not start" has_port admin_listening
  port="$(port_of listening)" admin_port="$(port_of admin_listening)"
}

# --- the client, as a person uses it: on a terminal of its own, one statement after the other

client_command() { echo "mariadb --no-defaults -h127.0.0.1 -P$port -uroot@sys#obdemo -c -A $*"; }

open_client() {
  coproc client { MYSQL_PWD="$password" TERM=dumb exec script -qefc "stty cols 250; $(client_command)" /dev/null 2>/dev/null; }
  started+=($!)
  printf '   '
  read_answer
}

# Everything up to the next prompt, shown and kept in `answer`.
read_answer() {
  local part
  answer=""
  while IFS= read -r -t 30 -d '>' -u "${client[0]}" part; do
    answer+="$part>"
    [[ "$part" != *"MariaDB ["* ]] || break
  done
  [[ "$answer" == *"MariaDB ["*">" ]] || bad "the mariadb client does not answer: $answer"
  answer="${answer//$'\r'/}"
  answer="${answer//$'\a'/}"
  printf '%s\n' "${answer%MariaDB \[*}" | sed -e '/^$/d' -e '1s/^ *//' -e '2,$s/^/   /'
}

statement() {
  printf '   %sMariaDB [(none)]>%s ' "$bold" "$plain"
  printf '%s\n' "$1" >&"${client[1]}"
  read_answer
}

# ids COLUMN: the numbers in that column of the table that the client printed last.
ids() { awk -F'|' -v at=$(($1 + 1)) '$at ~ /^ *[0-9]+ *$/ { gsub(/ /, "", $at); print $at }' <<<"$answer"; }

# A second session that works: it sleeps in the database. Its output goes to a file.
open_sleeper() {
  MYSQL_PWD="$password" mariadb --no-defaults -h127.0.0.1 -P"$port" -uroot@sys#obdemo -e "SELECT SLEEP(600)" \
    >"$directory/sleeper" 2>&1 </dev/null &
  sleeper=$!
  started+=("$sleeper")
  wait_until "the second session does not start" is_sleeping
}

sleeping() { sql_directly -N -e "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'"; }
is_sleeping() { [[ -n "$(sleeping)" ]]; }
is_awake() { ! is_sleeping; }

sleeper_ends() {
  wait "$sleeper" && bad "the sleeping client was not ended"
  expect "its client is told that it was killed" "ERROR 1927 \\(70100\\)" "$(cat "$directory/sleeper")"
  wait_until "the statement still runs on the database" is_awake
  good "its statement no longer runs on the database"
}

http() {
  echo "   \$ curl -X $1 -H 'Authorization: Bearer …' http://127.0.0.1:$admin_port$2"
  answer="$(curl -sS -X "$1" -H "Authorization: Bearer $token" "http://127.0.0.1:$admin_port$2")"
  printf '   %s\n\n' "$answer"
}

# --- the scenario

play_self_kill() {
  local cs_id connection_id proxy_sessid
  title "1. Log in as root@sys#obdemo, and see the sessions"
  echo "   \$ $(client_command -p)"
  open_client
  statement "SHOW PROXYSESSION;"
  cs_id="$(ids 2)" proxy_sessid="$(ids 1)"
  expect "one session, with its id in the proxy (cs_id)" '^[0-9]+$' "$cs_id"
  statement "SELECT CONNECTION_ID();"
  connection_id="$(ids 1)"
  [[ "$connection_id" != "$cs_id" ]] || bad "the database's id for the session is the proxy's"
  good "the database has its own id for it (connection_id)"

  title "2. End one's own session by the database's id: KILL PROXYSESSION $connection_id"
  statement "KILL PROXYSESSION $connection_id;"
  expect "the kill is answered with 1317" 'ERROR 1317 \(70100\): Query execution was interrupted' "$answer"
  statement "SHOW PROXYSESSION;"
  expect "the next statement finds the connection lost" 'ERROR (2013|2006) \(HY000\)' "$answer"
  if [[ "$answer" != *"ERROR 2006"* ]]; then statement "SHOW PROXYSESSION;"; fi
  expect "the client notices (2006) and reconnects by itself" 'ERROR 2006.*Connection id: +[0-9]+' "$answer"
  expect "the session has a new Id" '^[0-9]+$' "$(ids 2)"
  [[ "$(ids 2)" != "$cs_id" && "$(ids 1)" != "$proxy_sessid" ]] || bad "the old session is still there"
  good "the old one is gone from the list"
  own_id="$(ids 2)"
}

play_kill_of_another() {
  local other
  title "3. End another session, while it works, by its id in the proxy"
  open_sleeper
  statement "SHOW PROXYSESSION;"
  other="$(ids 2 | grep -vx "$own_id")" || bad "the second session is not listed"
  good "a second session is there: $other"
  statement "KILL PROXYSESSION $other;"
  expect "the kill is answered with OK" 'Query OK' "$answer"
  sleeper_ends
  statement "SHOW PROXYSESSION;"
  [[ "$(ids 2)" == "$own_id" ]] || bad "the list should show $own_id alone"
  good "the list shows the first session alone, under the same Id"
}

play_http() {
  local other
  title "4. The same over HTTP"
  open_sleeper
  http GET /v1/sessions
  other="$(grep -oE '"cs_id": ?[0-9]+' <<<"$answer" | grep -oE '[0-9]+$' | grep -vx "$own_id")" ||
    bad "the list over HTTP lacks the second session"
  expect "the list has both sessions" "\"cs_id\": ?${own_id}[^0-9]" "$answer"
  http DELETE "/v1/sessions/$other"
  expect "the outcome says what happened" '"status": ?"killed"' "$answer"
  sleeper_ends
  http GET /v1/sessions
  [[ "$answer" != *"$other"* ]] || bad "the killed session is still listed"
  expect "the first session lives on" "\"cs_id\": ?${own_id}[^0-9]" "$answer"
}

print_how_to_connect() {
  title "sessiongate is up"
  cat <<END
   MySQL     mariadb -h127.0.0.1 -P$port -uroot@sys#obdemo -p$password -c -A
   HTTP      curl -H 'Authorization: Bearer $token' http://127.0.0.1:$admin_port/v1/sessions
   Metrics   curl http://127.0.0.1:$admin_port/metrics
   Database  127.0.0.1:$database_port (MariaDB, thrown away at the end)
   Log       $directory/sessiongate.log

   Ctrl-C ends it and removes everything.
END
}

if $install; then
  if [[ -n "$binary" ]]; then "$root/scripts/install-packages.sh" quickstart; else "$root/scripts/install-packages.sh" build quickstart; fi
fi
if [[ -z "$binary" ]]; then
  title "Building sessiongate (the first time takes some minutes)"
  (cd "$root" && cmake --preset release && cmake --build --preset release)
  binary="$root/build/release/proxy/sessiongate"
fi

password=quickstart
token="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
database_port="$(free_port)"

title "Starting MariaDB on 127.0.0.1:$database_port and sessiongate in front of it"
start_mariadb
start_sessiongate
good "sessiongate listens on 127.0.0.1:$port, its HTTP API on 127.0.0.1:$admin_port"
play_self_kill
play_kill_of_another
play_http
echo exit >&"${client[1]}"

if $once; then
  title "Everything is as documented"
  exit 0
fi
print_how_to_connect
wait "${started[1]}" || true
