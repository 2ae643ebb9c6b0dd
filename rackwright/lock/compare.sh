#!/bin/sh
# Fails when apt would install other bytes than the lock file names. Arguments: PACKAGE=VERSION and
# SHA-256 in turns. apt itself compares what it downloads with the hash that is read here.
set -eu
export LC_ALL=C
while [ $# -gt 0 ]; do
    offered=$(apt-cache show "$1" 2>/dev/null | sed -n 's/^SHA256: //p' | sort -u | tr '\n' ' ')
    case $offered in
    "$2 ") ;;
    '')
        echo "$1 stands in the lock file, and no package source of this host has it; run" \
            "\`rackwright lock\` again, or bring it back into the repository" >&2
        exit 1
        ;;
    *)
        echo "$1 is on offer with other bytes than the lock file names: its SHA-256 is" \
            "${offered% }, locked is $2. Nothing was installed. Ask the repository's owner why;" \
            "if it is right, run \`rackwright lock\` again" >&2
        exit 1
        ;;
    esac
    shift 2
done
