#!/bin/sh
# What a host lacks of a bundle: the packages that its apt would install ("Inst ..."), and the hashes
# of those that were sent before. Arguments: the bundle's folder on the host, PACKAGE=VERSION...
# Without the bundle's index (a dry run) there is nothing to say.
set -eu
folder=$1
shift
[ -f "$folder/apt.conf" ] || exit 0
export LC_ALL=C APT_CONFIG="$folder/apt.conf"
apt-get install -s -qq --allow-downgrades --allow-change-held-packages "$@" | grep '^Inst ' || true
find "$folder" -name '*.deb' -exec sha256sum {} +
