#!/usr/bin/env bash
# install.sh [NAME...]: puts peers under $PENSTOCK_SERVERS; without a name all
# that with.sh needs. What is there in the wanted version is left alone.
# Needs python3 with venv; for elasticmq also java and mvn.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=peers/names.sh
. ./names.sh
mkdir -p "$PREFIX"

# The versions that the real suites were last seen passing with.
elasticmq=1.7.1 ministack=1.5.33 awscli=1.46.3 boto3=1.44.5 awslambdaric=4.2.2

# venv DIR REQUIREMENT...: a virtual environment of its own for each peer, so
# that their dependencies cannot meet.
venv() {
  local dir=$1; shift
  rm -rf "$dir"
  python3 -m venv "$dir"
  "$dir/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

# maven DIR GROUP:ARTIFACT:VERSION: the jar and all it needs at run time.
maven() {
  local dir=$1 group artifact version pom
  IFS=: read -r group artifact version <<<"$2"
  pom=$(mktemp -d)
  cat >"$pom/pom.xml" <<XML
<project><modelVersion>4.0.0</modelVersion>
<groupId>peers</groupId><artifactId>peers</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency></dependencies>
</project>
XML
  rm -rf "$dir"
  (cd "$pom" && mvn --quiet --batch-mode \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$dir")
  rm -rf "$pom"
}

# once NAME VERSION COMMAND...: runs the command unless that version is there,
# one installation at a time. The mark is written last, so that a broken
# installation is made anew.
once() {
  local name=$1 version=$2 mark=$PREFIX/.peer-$1
  shift 2
  [ "$(cat "$mark" 2>/dev/null)" != "$version" ] || return 0
  local began=$SECONDS
  rm -f "$mark"
  "$@"
  printf %s "$version" >"$mark"
  echo "installed $name $version in $((SECONDS - began)) s" >&2
}

# Debian's AWS CLI 2 is used where root may install it, or where it is already.
awscli2() {
  [ -x "$AWSCLI2" ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null && return 0
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends awscli >/dev/null
}

install() {
  case $1 in
  elasticmq) once "$1" "$elasticmq" maven "$PREFIX/elasticmq" "org.elasticmq:elasticmq-server_2.13:$elasticmq" ;;
  ministack) once "$1" "$ministack" venv "$PREFIX/ministack" "ministack==$ministack" ;;
  awscli)    once "$1" "$awscli,$boto3" venv "$PREFIX/awscli" "awscli==$awscli" "boto3==$boto3" ;;
  awscli2)   once "$1" debian awscli2 ;;
  ric)       once "$1" "$awslambdaric" venv "$PREFIX/ric" "awslambdaric==$awslambdaric" ;;
  *) echo "install.sh: $1 is none of: $PEERS" >&2; exit 2 ;;
  esac
}

exec 9>"$PREFIX/.peers-lock"
! command -v flock >/dev/null || flock 9
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $PEERS
for name in "$@"; do install "$name"; done
