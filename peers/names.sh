# What the scripts of this folder agree on. Sourced, not run.
# shellcheck shell=bash disable=SC2034
PREFIX=${PENSTOCK_SERVERS:-$HOME/.cache/penstock-servers}
PEERS="elasticmq ministack awscli awscli2 ric"
AWSCLI2=/usr/bin/aws
