#!/usr/bin/env bash
# package.sh OLD.deb NEW.deb: what becomes of an installed wanctl, row by row, and how long it took. As root, on a machine
# with systemd that may be thrown away: it makes two WANs of network namespaces and follows the README to the letter.
set -uo pipefail
old=$(realpath "$1") new=$(realpath "$2")
readme=$(dirname "$(realpath "$0")")/../README.md
db=/var/lib/wanctl/metrics.db
services="wanctl-recorder wanctl-controller@spectrum wanctl-controller@att"

now() { date +%s%3N; }
row() { printf '| %-44s | %-72s | %7.1f s |\n' "$1" "$2" "$(($(now) - begun))e-3"; }
# within SECONDS COMMAND...: until it succeeds
within() {
  local due=$(($(now) + $1 * 1000))
  shift
  until "$@" >/dev/null 2>&1; do [[ $(now) -lt $due ]] || return 1; sleep 0.1; done
}
sql() { sqlite3 -readonly "$db" "$1"; }
recorded() { [[ $(sql "select count(distinct wan_name) from cycle where at_ms > $1") == 2 ]]; }
pid() { systemctl show -P MainPID "$1"; }
anew() { [[ $(systemctl is-active "$1") == active && $(pid "$1") != "$2" ]]; }
steady() { [[ $(systemctl is-active $services | sort -u) == active ]]; }
lost() { sql "select 'missing ' || (select count(*) from missing) || ', gaps ' || (select count(*) from gap)"; }
# block LANGUAGE N: the Nth such block of the README's section "Install"
block() {
  awk '/^## /{s=($0=="## Install")} s' "$readme" |
    awk -v l="\`\`\`$1" -v n="$2" '$0=="```"{p=0} p; $0==l{p=(++i==n)}'
}

# wan N: wan0 or wan1, its provider, and reflectors 10 ms away
wan() {
  ip netns add "isp$1"
  ip link add "wan$1" type veth peer name cpe netns "isp$1"
  ip link set "wan$1" up && ip addr add "10.9$1.0.2/30" dev "wan$1"
  ip -n "isp$1" link set cpe up && ip -n "isp$1" link set lo up
  ip -n "isp$1" addr add "10.9$1.0.1/30" dev cpe
  for k in 1 2 3 4; do ip -n "isp$1" addr add "10.9$1.1.$k/32" dev lo; done
  ip route add "10.9$1.1.0/24" via "10.9$1.0.1"
  tc -n "isp$1" qdisc add dev cpe root netem delay 10ms limit 10000
}

ip link set lo up
wan 0 && wan 1
printf '| %-44s | %-72s | %9s |\n' what "what happened" time
printf '|%s|%s|%s|\n' "$(printf -- '-%.0s' {1..46})" "$(printf -- '-%.0s' {1..74})" -----------

begun=$(now)
dpkg -i "$old" >/tmp/dpkg.log 2>&1
row "install" "exit $?, $(wanctl --version), running: $(systemctl is-active $services | grep -cx active)"

from=$(now)
block yaml 1 >/etc/wanctl/spectrum.yaml
sed -i 's/reflectors: .*/reflectors: [10.90.1.1, 10.90.1.2, 10.90.1.3, 10.90.1.4]/' /etc/wanctl/spectrum.yaml
begun=$(now)
bash -e <(block sh 2) >/tmp/readme.log 2>&1
code=$?
within 60 eval '[[ $(sql "select count(*) from cycle") -gt 0 ]]'
row "the README's commands, one WAN" "exit $code; first cycle recorded"

sed 's/spectrum/att/; s/10\.90\./10.91./g; s/wan0/wan1/g; s/^probe:/&\n  method: echo/' /etc/wanctl/spectrum.yaml >/etc/wanctl/att.yaml
begun=$(now)
systemctl -q enable --now wanctl-qdisc@att wanctl-controller@att
within 30 recorded "$from"
row "a second WAN, probing with fping" "$(systemctl is-active wanctl-controller@att), children: $(ps -o comm= --ppid "$(pid wanctl-controller@att)" | sort | xargs)"
within 30 eval 'wanctl status'
row "both measure" "wanctl status exits $(wanctl status >/dev/null; echo $?); $(systemctl show -P StatusText wanctl-controller@att)"

for unit in $services; do
  was=$(pid "$unit") begun=$(now)
  kill -9 "$was"
  within 60 anew "$unit" "$was"
  row "kill -9 $unit" "$(systemctl is-active "$unit") again, restarts $(systemctl show -P NRestarts "$unit")"
done
sleep 3
row "after that" "$(lost)"

begun=$(now)
systemctl stop wanctl-recorder
sleep 20
before=$(sql 'select count(*) from cycle')
systemctl start wanctl-recorder
within 60 eval '[[ $(sql "select count(*) from missing") == 0 && $(sql "select count(*) from cycle") -gt '$((before + 700))' ]]'
row "recorder stopped for 20 s, started" "$(($(sql 'select count(*) from cycle') - before)) cycles more, $(lost)"

unit=wanctl-controller@spectrum was=$(pid wanctl-controller@spectrum) begun=$(now)
kill -STOP "$was"
within 90 anew "$unit" "$was"
row "a controller that hangs (SIGSTOP)" "$(systemctl is-active "$unit") again; the other one's restarts $(systemctl show -P NRestarts wanctl-controller@att)"

was=$(pid "$unit") begun=$(now)
sed -i 's/ceiling_mbps: 900/ceiling_mbps: 800/' /etc/wanctl/spectrum.yaml
systemctl reload "$unit"
code=$?
within 60 eval "journalctl -u $unit | grep -q 'reloaded changed=download.ceiling_mbps'"
row "reload with another ceiling" "exit $code, the same process: $([[ $(pid "$unit") == "$was" ]] && echo yes || echo no)"
begun=$(now)
sed -i 's/ceiling_mbps: 800/ceiling_mbps: 1/' /etc/wanctl/spectrum.yaml
systemctl reload "$unit" 2>/dev/null
row "reload with a wrong file" "exit $?, $(systemctl is-active "$unit"), the same process: $([[ $(pid "$unit") == "$was" ]] && echo yes || echo no)"
sed -i 's/ceiling_mbps: 1 /ceiling_mbps: 800 /' /etc/wanctl/spectrum.yaml

begun=$(now)
systemctl stop wanctl-recorder && chown root:root "$db"* && chmod 600 "$db"*
systemctl start wanctl-recorder
sleep 2
row "the database is root's" "$(wanctl status | sed -n 's/^  ! //p' | grep -m1 -i database || journalctl -u wanctl-recorder -n 3 -o cat | grep -m1 -i cannot)"
begun=$(now)
chown wanctl:wanctl "$db"* && chmod 660 "$db"*
within 60 eval "systemctl is-active wanctl-recorder && recorded $(now)"
row "given back" "$(systemctl is-active wanctl-recorder), restarts $(systemctl show -P NRestarts wanctl-recorder), $(lost)"

begun=$(now)
systemctl stop wanctl.target 'wanctl-qdisc@*'
rm -rf /run/wanctl
for n in 0 1; do tc qdisc del dev wan$n root 2>/dev/null; done
systemctl start multi-user.target
within 60 eval steady
row "reboot, as far as it can be played here" "by multi-user.target: $(systemctl is-active $services | sort | uniq -c | xargs); $(tc qdisc show dev wan0 | grep -o 'cake [^ ]*')"
within 20 recorded "$(now)"
row "" "$(lost)"

before=$(sql 'select count(*) from cycle') begun=$(now)
was=$(for unit in $services; do pid "$unit"; done | xargs)
dpkg -i "$new" >/tmp/dpkg.log 2>&1
row "upgrade" "exit $?, $(wanctl --version); processes $was -> $(for unit in $services; do pid "$unit"; done | xargs)"
within 30 recorded "$(now)"
sleep 3
row "" "cycles kept: $([[ $(sql 'select count(*) from cycle') -gt $before ]] && echo yes || echo no), $(lost); baselines: $(journalctl -u wanctl-controller@spectrum -o cat | grep -o 'rates=[a-z]*' | tail -1)"
pause=$(sql "select max(ms) from (select at_ms - lag(at_ms) over (order by at_ms) as ms from cycle where wan_name = 'spectrum' and at_ms > $begun - 5000)")
row "" "longest time without a cycle of spectrum: $pause ms; gaps that begin in it: $(sql "select count(*) from gap where from_ms > $begun - 1000")"

row "all gaps so far" "$(sql "select group_concat(name || ' ' || cause || ' ' || ifnull(count, '?'), ', ') from gap join source s on s.id = source join wan w on w.id = s.wan")"

begun=$(now)
dpkg -r wanctl >/tmp/dpkg.log 2>&1
row "remove" "exit $?, processes: $(pgrep -cu wanctl), queues: $(tc qdisc | grep -c cake), kept: $(ls $db /etc/wanctl | xargs)"
begun=$(now)
dpkg -P wanctl >/tmp/dpkg.log 2>&1
row "purge" "exit $?, left: $(find /etc /var/lib /run /usr -path '*wanctl*' -not -path '*/dpkg/*' 2>/dev/null | head -5 | xargs)"
