#!/usr/bin/env bash
# start.sh NAME PORT DATADIR: runs a server on 127.0.0.1:PORT in the foreground.
# DATADIR/ready appears once it answers, DATADIR/log is its output. TERM and INT
# stop it; when it will not stop in 10 seconds it is killed.
set -euo pipefail
[ $# = 3 ] || { echo "usage: start.sh elasticmq|ministack PORT DATADIR" >&2; exit 2; }
# shellcheck source=peers/names.sh
. "$(dirname "${BASH_SOURCE[0]}")/names.sh"
name=$1 port=$2
mkdir -p "$3"
data=$(cd "$3" && pwd)
rm -f "$data/ready"

case $name in
elasticmq)
  cat >"$data/elasticmq.conf" <<CONF
include classpath("application.conf")
node-address { protocol = http, host = "127.0.0.1", port = $port, context-path = "" }
rest-sqs { enabled = true, bind-hostname = "127.0.0.1", bind-port = $port, sqs-limits = strict }
rest-stats { enabled = false }
aws { region = us-east-1, accountId = 000000000000 }
CONF
  probe="/?Action=ListQueues"
  server=(java -Xmx256m -Dconfig.file="$data/elasticmq.conf" -cp "$PREFIX/elasticmq/*" org.elasticmq.server.Main)
  ;;
ministack)
  # It would listen on all interfaces.
  export BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 GATEWAY_PORT=$port EDGE_PORT=$port
  export STATE_DIR="$data/state" LOG_LEVEL=WARNING TMPDIR="$data"
  probe=/_localstack/health
  server=("$PREFIX/ministack/bin/python" -m ministack)
  ;;
*) echo "start.sh: no server is called $name" >&2; exit 2 ;;
esac

# answers: an HTTP status line comes back, whichever. Only bash is needed.
answers() {
  local line
  exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
  printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "$probe" "$port" >&3
  read -r -t 2 line <&3 || line=
  exec 3>&-
  [[ $line == HTTP/* ]]
}

cd "$data"
# Somebody else on the port would be taken for our server.
if (answers) 2>/dev/null; then echo "start.sh: port $port is taken" >&2; exit 1; fi
"${server[@]}" >"$data/log" 2>&1 &
pid=$!
stop() {
  trap '' TERM INT
  kill -TERM "$pid" 2>/dev/null || true
  for _ in {1..100}; do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$data/ready"
  exit 0
}
trap stop TERM INT

patience=$((SECONDS + 60))
until (answers) 2>/dev/null; do
  if ! kill -0 "$pid" 2>/dev/null || ((SECONDS > patience)); then
    echo "start.sh: $name does not answer; the end of $data/log:" >&2
    tail -n 20 "$data/log" >&2
    kill -KILL "$pid" 2>/dev/null || true
    exit 1
  fi
  sleep 0.05
done
touch "$data/ready"
code=0
wait "$pid" || code=$?
rm -f "$data/ready"
echo "start.sh: $name ended by itself with status $code" >&2
exit 1
