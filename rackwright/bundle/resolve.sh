#!/bin/sh
# Which packages a host of this release needs for the named ones, from an empty system up, as this
# host's apt resolves them from its own sources and Docker's repository, all signed. Leaves a folder
# for the download that follows; prints its name, then the packages' entries in the signed indexes.
# Arguments: the key and the definition of the repository (base64); the source files that mean
# Docker's repository too, and what is left of them without it (NAME:BASE64), each one argument,
# space-separated; PACKAGE=VERSION...
set -eu
export LC_ALL=C
# A run that died before its download left its folder.
find /tmp -maxdepth 1 -name 'rackwright-bundle.*' -mmin +120 -exec rm -rf {} +
root=$(mktemp -d /tmp/rackwright-bundle.XXXXXX)
trap failed HUP INT PIPE TERM
failed() {
    rm -rf "$root"
    exit 1
}
chmod 755 "$root" # apt downloads as its own user, and the laptop fetches as the login
mkdir -p "$root/sources" "$root/lists/partial" "$root/cache/archives/partial" "$root/debs"
echo "$1" | base64 -d >"$root/docker.asc"
for source in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    case " $3 " in
    *" $source "*) ;;
    *) [ ! -f "$source" ] || cp "$source" "$root/sources/" ;;
    esac
done
echo "$2" | base64 -d | sed "s|@KEYRING@|$root/docker.asc|" >"$root/sources/docker.sources"
for left in $4; do
    echo "${left#*:}" | base64 -d >"$root/sources/${left%%:*}"
done
shift 4
cat >"$root/apt.conf" <<EOF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$root/sources";
Dir::State::lists "$root/lists";
Dir::State::status "/dev/null";
Dir::Cache "$root/cache";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
EOF
export APT_CONFIG="$root/apt.conf"
apt-get update -q >&2 || failed
# NAME=VERSION of what apt would fetch, from the file names that it would give them.
apt-get install -qq -y --print-uris "$@" >"$root/uris" || failed
closure=$(sed -n "s/^'[^']*' \([^_ ]*\)_\([^_ ]*\)_.*/\1=\2/p" "$root/uris" | sed 's/%3a/:/g')
echo "root $root"
# shellcheck disable=SC2086 # one word for each package
apt-cache show $closure || failed
