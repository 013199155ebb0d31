#!/bin/bash
# What a person does with the Vagrantfile, in the project's folder; run inside isolated.sh. BOX is a libvirt box.
set -euo pipefail
export VAGRANT_HOME=$S/vhome VAGRANT_CHECKPOINT_DISABLE=1 VAGRANT_NO_COLOR=1 VAGRANT_DEFAULT_PROVIDER=libvirt
cp "$HOME_VAGRANTFILE" "$VAGRANT_HOME/Vagrantfile"
step() {
  local begin=$SECONDS status=0
  "$@" || status=$?
  echo "[step] $((SECONDS - begin)) s, status $status: $*"
  return "$status"
}
post() { curl -fsS -m 10 -X POST -d '{"data": ["1", "2"]}' http://localhost:5000; }
answers() { for _ in $(seq 120); do [ "$(post 2>/dev/null)" = 3 ] && return; sleep 1; done; return 1; }
site() { for _ in $(seq 60); do curl -fsS -m 20 -H 'Accept: text/html' http://127.0.0.1:8000/ 2>/dev/null | grep -q '<title>' && return; sleep 2; done; return 1; }
silent() { ! post 2>/dev/null; }
only_here() { [ "$(ss -Hltn 'sport = :5000 or sport = :8000' | awk '{print $4}' | sort | xargs)" = "127.0.0.1:5000 127.0.0.1:8000" ]; }

step vagrant box add --name debian/bookworm64 --provider libvirt "$BOX" >/dev/null
step silent
step vagrant up
step only_here
step answers
step site
step vagrant ssh -c 'ls /vagrant/portico.toml && findmnt -no FSTYPE / && sudo docker ps --format "{{.Names}} {{.Status}}" && free -m'
step vagrant reload
step answers
step site
step vagrant provision
step answers
step vagrant destroy -f
step silent
echo "[done]"
