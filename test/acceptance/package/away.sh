# away.sh STAGE: ten minutes without a line and without a router.
set -uo pipefail
. "$(dirname "$0")/row.sh"
ip link set lo up
apt-get install -y "$1"/dist-deb/wanctl_*.deb </dev/null >/tmp/apt.log 2>&1
# its devices are not there, and nobody answers
block Install yaml 1 >/etc/wanctl/spectrum.yaml
cat >/etc/wanctl/att.yaml <<Y
wan: att
probe: { reflectors: [10.91.1.1, 10.91.1.2, 10.91.1.3], method: echo }
shaper: { backend: routeros, host: 10.91.0.9, user: wanctl, password_file: /etc/wanctl/router.password,
  download_queue: down, upload_queue: up }
download: { floor_mbps: 5, base_mbps: 30, ceiling_mbps: 90 }
upload: { floor_mbps: 2, base_mbps: 10, ceiling_mbps: 20 }
Y
(umask 027 && echo not-a-secret >/etc/wanctl/router.password && chgrp wanctl /etc/wanctl/router.password)

step "line and router away: start"
systemctl start $services
was=$(pids)
row "READY: $(active) of 3" '[[ $(active) == 3 ]]'
step "ten minutes of it"
sleep 600
count=$(sql "select group_concat(n) from (select count(*) as n from cycle group by wan_name)")
row "the same processes: $([[ $(pids) == "$was" ]] && echo yes || echo no), restarts $(restarts); cycles $count; $(holes)" \
  '[[ $(pids) == "$was" && $(restarts) == "0 0 0" && $(active) == 3 ]] && whole'
row "status exits $(wanctl status >/tmp/status; echo $?): $(sed -n 's/^  ! //p' /tmp/status | head -2 | xargs -d '\n')" '[[ -s /tmp/status ]]'
step "stopped meanwhile"
systemctl stop $services
row "$(systemctl is-active $services | sort | uniq -c | xargs), $(holes)" '[[ $(systemctl is-active $services | sort -u) == inactive ]] && whole'
