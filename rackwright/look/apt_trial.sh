#!/bin/sh
# Mirrors of the distribution's archive as this host's apt finds them, all at the same moment. Each
# gets folders of its own: apt's sources, lists and caches stay as they are.
# Arguments: seconds that each has, then three for each source file: the name of the trial it is
# part of, a file name, the text in base64.
# Prints for each trial, between two marks: failed NAME REASON, where apt could not use it
#                                           release NAME SUITE DATE ORIGIN, for each Release file
# and the same for those that apt has now, under the name in-use. DATE is in seconds since 1970.
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
seconds=$1
shift
work=$(mktemp -d) || exit 0
trap 'rm -rf "$work"' EXIT
# apt downloads as a user of its own.
chmod 0711 "$work"
# Without index targets, Release files are all that apt fetches.
echo '#clear Acquire::IndexTargets;' >"$work/apt.conf"

try() { # FOLDER
    timeout "$seconds" apt-get update -q -c "$work/apt.conf" \
        -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$1/parts" \
        -o Dir::State::lists="$1/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        -o APT::Update::Error-Mode=any -o Acquire::Retries=0 \
        -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10 >"$1/said" 2>&1
    code=$?
    [ $code != 0 ] || return
    reason=$(sed -n 's/^E: //p' "$1/said" | sed -n 1p)
    [ $code != 124 ] || reason="no answer within $seconds s"
    echo "${reason:-apt-get update ended with $code}" >"$1/failed"
}

releases() { # NAME LISTS
    for file in "$2"/*_dists_*Release; do
        [ -f "$file" ] || continue
        suite=${file##*_dists_}
        date=$(date -ud "$(sed -n '/^Date: /{s///p;q;}' "$file")" +%s) || continue
        echo "release $1 ${suite%_*Release} $date $(sed -n '/^Origin: /{s///p;q;}' "$file")"
    done
}

while [ $# -ge 3 ]; do
    mkdir -p "$work/$1/parts" "$work/$1/lists/partial"
    printf %s "$3" | base64 -d >"$work/$1/parts/$2"
    shift 3
done
for folder in "$work"/*/; do try "${folder%/}" & done
wait
echo '@@rackwright-begin'
for folder in "$work"/*/; do
    name=$(basename "$folder")
    echo "tried $name"
    [ ! -f "$folder/failed" ] || echo "failed $name $(cat "$folder/failed")"
    releases "$name" "${folder%/}/lists"
done
releases in-use /var/lib/apt/lists
echo '@@rackwright-end'
