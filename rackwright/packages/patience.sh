#!/bin/sh
# apt and dpkg, one at a time. The first argument is the name of one of the functions below; the
# others are its arguments.
set -eu
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

holder() { # NAME (PID) of a process that holds a lock of apt's or dpkg's; nothing when none does
    for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock \
        /var/cache/apt/archives/lock; do
        inode=$(stat -c %i "$lock" 2>/dev/null) || continue
        # proc_locks(5): 1: POSIX ADVISORY WRITE PID MAJOR:MINOR:INODE; with -> it only waits.
        pid=$(awk -v inode="$inode" '
            $2 == "POSIX" { split($6, id, ":"); if (id[3] == inode) { print $5; exit } }' /proc/locks)
        # Another file system may have a file with that number.
        if find "/proc/${pid:-0}/fd" -lname "$lock" 2>/dev/null | grep -q .; then
            echo "$(cat "/proc/$pid/comm") ($pid)"
            return
        fi
    done
}

wait_until() { # MOMENT: until nobody holds a lock; after MOMENT (seconds since 1970) it fails
    while who=$(holder) && [ -n "$who" ]; do
        if [ "$(date +%s)" -ge "$1" ]; then
            echo "$who has been using apt or dpkg on this host all the time; let it finish (or end" \
                "it, if it hangs) and run this again, or set docker_apt_timeout higher" >&2
            return 1
        fi
        sleep 1
    done
}

wait_for() { # SECONDS: as above
    wait_until $(($(date +%s) + $1))
}

run() { # SECONDS COMMAND...: the command, again and again while somebody else is in its way
    until=$(($(date +%s) + $1))
    shift
    said=$(mktemp)
    trap 'rm -f "$said"' EXIT
    while :; do
        wait_until "$until"
        code=0
        "$@" >"$said" 2>&1 || code=$?
        # Somebody was quicker after the wait.
        grep -qE 'Could not get lock|Unable to (acquire|lock)|lock.* by another process' "$said" &&
            [ "$code" != 0 ] && [ "$(date +%s)" -lt "$until" ] || break
    done
    cat "$said" >&2
    return "$code"
}

"$@"
