#!/usr/bin/env bash
# package.sh: makes the package and prints what becomes of it, row by row, and whether that is as it should be. As root,
# on a machine with systemd that may be thrown away: this one with --here, else one that the command in SYSTEMD_BED runs
# another command on (in SYSTEMD_BED_IDLE the ten minutes of waiting, where that has a faster clock). 30 minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ -n ${SYSTEMD_BED-} || ${1-} == --here ]] || { sed -n '2,4s/^# //p' "$0" && exit 2; }
stage=$(mktemp -d "$PWD/dist-deb.XXXX")
trap 'rm -rf "$stage"' EXIT

# another N: the same package as a later version
another() {
  local version=$1 tree=$stage/tree
  rm -rf "$tree"
  dpkg-deb -R "$stage"/dist-deb/wanctl_*.deb "$tree"
  sed -i "s/^Version: .*/Version: $version/" "$tree/DEBIAN/control"
  sed -i "s/\"version\": \".*\"/\"version\": \"$version\"/" "$tree/usr/lib/wanctl/package.json"
  dpkg-deb --root-owner-group -Znone -b "$tree" "$stage/$version.deb" >/dev/null
  rm -rf "$tree"
}

# on BED SCENE: its rows; all else it says goes to standard error
on() {
  local status
  # shellcheck disable=SC2086 # BED is a command and its arguments
  $1 bash test/acceptance/package/"$2".sh "$stage" 2>&1 | tee -a /dev/stderr | grep -a '^| ' >>"$stage/rows" || true
  [[ ${PIPESTATUS[0]} == 0 ]]
}

[[ -n ${PACKAGE-} ]] || npm run --silent package >&2
mkdir "$stage/dist-deb"
cp "${PACKAGE:-dist-deb/wanctl_$(node -p 'require("./package.json").version')_$(dpkg --print-architecture).deb}" "$stage/dist-deb/"
another 99.1
another 99.2
on "${SYSTEMD_BED-}" life
on "${SYSTEMD_BED_IDLE-${SYSTEMD_BED-}}" away

line() { printf '|%s|%s|%s|%s|\n' "$(printf -- '-%.0s' {1..36})" "$(printf -- '-%.0s' {1..46})" -------- ----; }
printf '\n| %-34s | %-44s | %6s | %-2s |\n' what "what happened" s ok
line
cat "$stage/rows"
! grep -q '| NO |$' "$stage/rows"
