# For both scenes: rows of a table of 100 columns, two WANs made of network namespaces, and what to ask about wanctl.
db=/var/lib/wanctl/metrics.db
services="wanctl-recorder wanctl-controller@spectrum wanctl-controller@att"
readme=$(realpath "${BASH_SOURCE[0]%/*}/../../README.md")
steps=()

now() { date +%s%3N; }
# step NAME: what follows is part of it
step() { what=$1 begun=$(now) steps+=("$begun $1"); }
# row HAPPENED CONDITION: what became of the step, and whether it is as it should be
row() {
  local took ok=ok first=1 text
  took=$(printf '%.1f' "$(($(now) - begun))e-3")
  eval "$2" >/dev/null 2>&1 || ok=NO
  fold -s -w 44 <<<"$1" | while read -r text; do
    if [[ $first == 1 ]]; then
      printf '| %-34s | %-44s | %6s | %-2s |\n' "$what" "$text" "$took" "$ok"
    else
      printf '| %-34s | %-44s | %6s | %-2s |\n' "" "$text" "" ""
    fi
    first=0
  done
}
# within SECONDS CONDITION: waits until it holds
within() {
  local due=$(($(now) + $1 * 1000))
  until eval "$2" >/dev/null 2>&1; do [[ $(now) -lt $due ]] || return 1; sleep 0.2; done
}
sql() { sqlite3 -readonly "$db" "$1"; }
cycles() { sql "select count(*) from cycle"; }
# recorded SINCE: both WANs have cycles that began later
recorded() { [[ $(sql "select count(distinct wan_name) from cycle where at_ms > $1") == 2 ]]; }
pid() { systemctl show -P MainPID "$1"; }
pids() { for unit in $services; do pid "$unit"; done | xargs; }
restarts() { for unit in $services; do systemctl show -P NRestarts "$unit"; done | xargs; }
active() { systemctl is-active $services | grep -cx active; }
# anew UNIT PID: it runs, as another process
anew() { [[ $(systemctl is-active "$1") == active && $(pid "$1") != "$2" ]]; }
missing() { sql "select count(*) from missing"; }
# frames that were published and are lost for ever; runs that were killed end with a gap without a count
lost() { sql "select ifnull(sum(count), 0) from gap"; }
whole() { [[ $(missing) == 0 && $(lost) == 0 ]]; }
holes() { echo "missing $(missing), frames lost $(lost)"; }

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

# block SECTION LANGUAGE N: the Nth such block of that section of the README
block() {
  awk -v s="## $1" '/^## /{p=($0==s)} p' "$readme" |
    awk -v l="\`\`\`$2" -v n="$3" '$0=="```"{p=0} p; $0==l{p=(++i==n)}'
}
