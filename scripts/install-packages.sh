#!/usr/bin/env bash
# Installs what is missing of the named sections of packages.txt: scripts/install-packages.sh build test
# Asks the package registry only when something is missing. Starts no service.
set -euo pipefail

list="$(dirname "${BASH_SOURCE[0]}")/packages.txt"

fail() {
  echo "install-packages: $*" >&2
  exit 1
}

# The lines of one section.
section() {
  grep -qx "\[$1\]" "$list" || fail "packages.txt has no section [$1]"
  awk -v wanted="[$1]" '/^\[/ { inside = ($0 == wanted); next } inside && NF && !/^#/' "$list"
}

is_installed() {
  [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

have_commands() {
  local name
  for name in ${1//,/ }; do
    command -v "$name" >/dev/null || return 1
  done
}

missing_of_line() {
  local words package
  read -ra words <<<"$1"
  if [[ "${words[0]}" == command:* ]]; then
    have_commands "${words[0]#command:}" && return
    words=("${words[@]:1}")
  fi
  for package in "${words[@]}"; do
    is_installed "$package" || echo "$package"
  done
}

# Debian's maintainer scripts start services through this file; a throwaway server needs none running.
without_services() {
  local policy=/usr/sbin/policy-rc.d
  if [[ -e "$policy" ]]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  local result=0
  "$@" || result=$?
  "${as_root[@]}" rm -f "$policy"
  return "$result"
}

[[ $# -gt 0 ]] || fail "usage: install-packages.sh SECTION... (build quickstart test bench clients)"

missing=()
for name in "$@"; do
  lines="$(section "$name")"
  while IFS= read -r line; do
    while IFS= read -r package; do
      [[ -z "$package" ]] || missing+=("$package")
    done < <(missing_of_line "$line")
  done <<<"$lines"
done
[[ ${#missing[@]} -gt 0 ]] || exit 0
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)

command -v apt-get >/dev/null ||
  fail "this is not a Debian system. Install the equivalents of: ${missing[*]}"
as_root=()
if [[ $EUID -ne 0 ]]; then
  command -v sudo >/dev/null || fail "run this as root, or install sudo, to install: ${missing[*]}"
  as_root=(sudo)
fi

echo "Installing ${#missing[@]} packages: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
"${apt[@]}" update || fail "apt-get update failed"
without_services "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null ||
  fail "apt-get could not install: ${missing[*]} (Debian 12 has them all; other releases may not)"
