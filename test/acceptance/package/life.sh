# life.sh STAGE: from the first installation to the last trace. Follows the README to the letter.
set -uo pipefail
. "$(dirname "$0")/row.sh"
stage=$1
ip link set lo up
wan 0 && wan 1
config=/etc/wanctl/spectrum.yaml

step "install"
(cd "$stage" && bash -ec "$(block Install sh 1 | grep '^apt')") </dev/null >/tmp/apt.log 2>&1
code=$?
[[ $code == 0 ]] || cat /tmp/apt.log
row "exit $code, $(wanctl --version), running: $(active)" '[[ $code == 0 && $(wanctl --version) == 2* && $(active) == 0 ]]'

step "README to the first cycle, one WAN"
start=$begun
block Install yaml 1 >$config
sed -i 's/reflectors: .*/reflectors: [10.90.1.1, 10.90.1.2, 10.90.1.3, 10.90.1.4]/' $config
bash -e <(block Install sh 2) >/tmp/readme.log 2>&1
code=$?
within 60 '[[ $(cycles) -gt 0 ]]'
[[ $code == 0 ]] || cat /tmp/readme.log
row "exit $code, cycles recorded: $([[ $(cycles) -gt 0 ]] && echo yes)" '[[ $code == 0 && $(cycles) -gt 0 ]]'

step "a second WAN, probing with fping"
sed 's/spectrum/att/; s/10\.90\./10.91./g; s/wan0/wan1/g; s/^probe:/&\n  method: echo/' $config >/etc/wanctl/att.yaml
systemctl -q enable --now wanctl-qdisc@att wanctl-controller@att
within 30 'recorded $start'
within 30 'wanctl status'
row "children: $(ps -o comm= --ppid "$(pid wanctl-controller@att)" | sort | xargs); wanctl status exits $(wanctl status >/dev/null; echo $?)" \
  'wanctl status && recorded $start'

block "Look at it" sh 1 | sed 's/\\$//' >/tmp/look
step "what the README looks at"
tapped=$(timeout 20 wanctl tap --wan spectrum 2>/dev/null | head -3 | wc -l)
history=$(wanctl history --last 24h | wc -l)
rows=$(bash <(sed -n '/^sqlite3/,$p' <(block "Look at it" sh 1)) | wc -l)
row "tap $tapped, history $history, sqlite3 $rows lines; page: $(curl -so /dev/null -w '%{http_code}' http://127.0.0.1:9101)" \
  '[[ $tapped == 3 && $history -gt 0 && $rows -gt 0 ]]'

# sockets of all but one unit, and a tap of each WAN but its own
sockets() { find /run/wanctl -type s | grep -v "/${1#*@}[./]" | grep -v "/${1#wanctl-}/" | sort; }
tapped() { timeout 20 wanctl tap --json --wan "$1" 2>/dev/null | head -1 | grep -c seq; }
for unit in $services; do
  step "stop and start ${unit#wanctl-}"
  before=$(sockets "$unit")
  systemctl stop "$unit"
  kept=$([[ $(sockets "$unit") == "$before" ]] && echo yes || echo no) taps=
  for name in spectrum att; do [[ $unit == *@$name ]] || taps+="$(tapped $name) "; done
  systemctl start "$unit"
  for name in spectrum att; do taps+="$(tapped $name) "; done
  row "the others' sockets kept: $kept; taps hear: $taps" '[[ $kept == yes && $taps != *0* && $(active) == 3 ]]'
done

for unit in $services; do
  step "kill -9 ${unit#wanctl-}"
  was=$(pid "$unit")
  kill -9 "$was"
  within 60 'anew $unit $was'
  again=$(($(now) - begun))
  # one trouble after another: the ring of a controller that is killed dies with it
  within 60 'recorded $(now)-1000 && whole'
  row "$(systemctl is-active "$unit") again after $again ms, restarts $(systemctl show -P NRestarts "$unit"); $(holes)" 'anew $unit $was && whole'
done

step "recorder stopped for 20 s, started"
systemctl stop wanctl-recorder
sleep 20
before=$(cycles)
systemctl start wanctl-recorder
within 60 '[[ $(missing) == 0 && $(cycles) -gt $((before + 700)) ]]'
row "$(($(cycles) - before)) cycles more, $(holes)" '[[ $(cycles) -gt $((before + 700)) ]] && whole'

unit=wanctl-controller@spectrum
step "a controller that hangs (SIGSTOP)"
was=$(pid $unit)
kill -STOP "$was"
within 90 'anew $unit $was'
again=$(($(now) - begun))
within 60 'recorded $(now)-1000 && whole'
row "$(systemctl is-active $unit) again after $again ms; $(holes)" 'anew $unit $was && whole'

step "reload with another ceiling"
was=$(pid $unit)
sed -i 's/ceiling_mbps: 900/ceiling_mbps: 800/' $config
systemctl reload $unit
code=$?
within 60 "journalctl -u $unit -o cat | grep -q 'reloaded changed=download.ceiling_mbps'"
row "exit $code, the same process" '[[ $code == 0 && $(pid $unit) == $was ]]'
step "reload with a wrong file"
sed -i 's/ceiling_mbps: 800/ceiling_mbps: 1/' $config
systemctl reload $unit 2>/dev/null
code=$?
row "exit $code, goes on as before: $(systemctl is-active $unit)" '[[ $code != 0 && $(pid $unit) == $was ]]'
sed -i 's/ceiling_mbps: 1 /ceiling_mbps: 800 /' $config

step "the data is root's, the folder too"
systemctl stop wanctl-recorder
chown root:root $db* && chmod 600 $db* && chown root:root /var/lib/wanctl
systemctl start wanctl-recorder 2>/dev/null
command=$(journalctl -u wanctl-recorder -n 20 -o cat | sed -n 's/.*Cannot open database.*run "\(.*\)" as root.*/\1/p' | tail -1)
row "${command:-$(systemctl is-active wanctl-recorder), the folder belongs to $(stat -c %U /var/lib/wanctl)}" '[[ -n $command ]] || within 20 "recorded $begun"'
step "after what it says was done"
eval "$command"
# it is started again by itself
within 60 'systemctl is-active wanctl-recorder && recorded $begun && whole'
row "$(systemctl is-active wanctl-recorder), $(holes)" 'recorded $begun && whole'

step "reboot, as far as it can be played"
systemctl stop wanctl.target 'wanctl-qdisc@*'
rm -rf /run/wanctl
for n in 0 1; do tc qdisc del dev wan$n root 2>/dev/null; done
systemctl start multi-user.target
within 60 '[[ $(active) == 3 ]]'
within 20 'recorded $(now)-2000'
row "by multi-user.target: $(active) active; $(tc qdisc show dev wan0 | grep -o 'cake'); $(holes)" '[[ $(active) == 3 ]] && recorded $begun && whole'

# upgrade DEB: the time without a cycle is the longest of either WAN
upgrade() {
  local before pause code
  before=$(cycles) was=$(pids)
  dpkg -i "$1" >/tmp/dpkg.log 2>&1
  code=$?
  within 30 'recorded $(now)-1000'
  # what nobody has said goodbye from is given up after a minute
  within 100 'whole'
  pause=$(sql "select max(ms) from (select at_ms - lag(at_ms) over (partition by wan_name order by at_ms) as ms from cycle where at_ms > $begun - 5000)")
  row "exit $code, $(wanctl --version), all anew: $([[ " $(pids) " != *" ${was%% *} "* ]] && echo yes); $(holes); a WAN was without control for $pause ms at most" \
    '[[ $code == 0 && $(active) == 3 && $(cycles) -gt $before ]] && whole'
}
step "upgrade after all that"
upgrade "$stage/99.1.deb"
sleep 70
step "upgrade without kills before"
upgrade "$stage/99.2.deb"
sleep 70

# the step in which something of TIME began
step_of() { printf '%s\n' "${steps[@]}" | awk -v t="$1" '$1 <= t + 200 {sub(/^[0-9]+ /, ""); s = $0} END {print s}'; }
while IFS='|' read -r name cause count from ms; do
  when=$(step_of "$from")
  what="gap of $name" begun=$(($(now) - ms))
  row "$cause, frames: ${count:-unknown}, in: $when" '[[ $when == *"kill -9 controller@$name"* || $when == *hangs* ]]'
done < <(sql "select name, cause, count, from_ms, to_ms - from_ms from gap join source s on s.id = source join wan w on w.id = s.wan order by from_ms")
step "gaps altogether"
row "$(sql "select count(*) from gap"); killed were 3 controllers" '[[ $(sql "select count(*) from gap") == 3 ]]'

step "remove"
dpkg -r wanctl >/tmp/dpkg.log 2>&1
code=$?
row "exit $code, processes: $(pgrep -cu wanctl), queues: $(tc qdisc | grep -c cake), kept: $(ls $db /etc/wanctl | xargs)" \
  '[[ $code == 0 && $(pgrep -cu wanctl) == 0 && $(tc qdisc | grep -c cake) == 0 && -s $db ]]'
step "purge"
dpkg -P wanctl >/tmp/dpkg.log 2>&1
code=$?
left=$(find /etc /var/lib /run /usr -path '*wanctl*' -not -path '*/dpkg/*' 2>/dev/null | head -5 | xargs)
row "exit $code, left: ${left:-nothing}" '[[ $code == 0 && -z $left ]]'
