#!/bin/sh
# Runs a shell script as root on every host of an ssh configuration, all at once, with one
# connection and one remote command each. Ends with 1 when it failed on a host, and names the host.
# Usage: everywhere.sh SSH_CONFIG SCRIPT [ARGUMENT without blanks or quotes]...
config=$1 script=$2
shift 2

on() { # HOST ARGUMENT...
    host=$1
    shift
    ssh -F "$config" "$host" sudo sh -s -- "$@" <"$script" && return
    echo "$host: $script failed" >&2
    return 1
}

sed -n 's/^Host //p' "$config" | {
    pids=
    while read -r host; do
        on "$host" "$@" &
        pids="$pids $!"
    done
    code=0
    for pid in $pids; do
        wait "$pid" || code=1
    done
    exit "$code"
}
