#!/bin/sh
# What Docker's repository offers to this host, as apt reads it from the signed index. Arguments: the
# key and the definition of the repository (base64), package names. apt works in a folder of its own
# that goes at the end; nothing else is written.
set -eu
export LC_ALL=C
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 1' HUP INT PIPE TERM
chmod 755 "$root" # apt downloads as its own user
mkdir -p "$root/lists/partial" "$root/cache/archives/partial"
echo "$1" | base64 -d >"$root/docker.asc"
echo "$2" | base64 -d | sed "s|@KEYRING@|$root/docker.asc|" >"$root/docker.sources"
shift 2
cat >"$root/apt.conf" <<EOF
Dir::Etc::sourcelist "$root/docker.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$root/lists";
Dir::State::status "/dev/null";
Dir::Cache "$root/cache";
APT::Update::Error-Mode "any";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
EOF
export APT_CONFIG="$root/apt.conf"
apt-get update -q >&2
apt-cache show "$@" | grep -E '^(Package|Version|SHA256):|^$'
