#!/usr/bin/env bash
# with.sh COMMAND...: runs the command with all peers installed and running, and
# stops what it started. The command finds them in these variables:
#   PENSTOCK_ELASTICMQ, PENSTOCK_MINISTACK   base URLs
#   PENSTOCK_PYTHON       python with boto3
#   PENSTOCK_AWSCLI       AWS CLI 1; PENSTOCK_AWSCLI2 AWS CLI 2 if there is one
#   PENSTOCK_RIC_PYTHON   python with awslambdaric
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: with.sh COMMAND..." >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=peers/names.sh
. "$here/names.sh"
"$here/install.sh"

data=$(mktemp -d)
pids=()
finish() {
  trap '' TERM INT
  [ ${#pids[@]} = 0 ] || kill -TERM "${pids[@]}" 2>/dev/null || true
  wait
  rm -rf "$data"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Ports that are free now; start.sh refuses one that was taken in between.
read -r -a ports < <(python3 - <<'PY'
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in held))
PY
)
servers=(elasticmq ministack)
for i in "${!servers[@]}"; do
  "$here/start.sh" "${servers[i]}" "${ports[i]}" "$data/${servers[i]}" &
  pids+=($!)
done
for i in "${!servers[@]}"; do
  until [ -e "$data/${servers[i]}/ready" ]; do
    kill -0 "${pids[i]}" 2>/dev/null || { echo "with.sh: ${servers[i]} did not start" >&2; exit 1; }
    sleep 0.05
  done
done

export PENSTOCK_ELASTICMQ=http://127.0.0.1:${ports[0]} PENSTOCK_MINISTACK=http://127.0.0.1:${ports[1]}
export PENSTOCK_PYTHON=$PREFIX/awscli/bin/python PENSTOCK_AWSCLI=$PREFIX/awscli/bin/aws
export PENSTOCK_RIC_PYTHON=$PREFIX/ric/bin/python
unset PENSTOCK_AWSCLI2
[ ! -x "$AWSCLI2" ] || export PENSTOCK_AWSCLI2=$AWSCLI2

# In the background, so that a signal to this script is acted on at once.
"$@" &
command=$!
pids+=("$command")
code=0
wait "$command" || code=$?
unset 'pids[-1]'
exit "$code"
