#!/bin/sh
# Docker's configuration: kept, judged, taken over, and put back when Docker does not work with it.
# The first argument is the name of one of the functions below; the others are its arguments.
set -eu
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
state=/var/lib/rackwright
before=$state/before
daemon_json=/etc/docker/daemon.json
owned_keys=$state/owned-keys.json
files="$daemon_json $owned_keys
    /etc/systemd/system/docker.service.d/rackwright.conf
    /etc/systemd/system/containerd.service.d/rackwright.conf"

show() { # PROPERTY: of docker.service
    systemctl show -p "$1" --value docker.service
}

keep() { # the configuration that Docker runs with, unless an earlier one still has to prove itself
    ! unproved || return 0
    rm -rf "$before" "$before.new"
    install -d -m 0700 "$before.new"
    for file in $files; do
        [ -f "$file" ] || continue
        mkdir -p "$before.new${file%/*}"
        cp -pL "$file" "$before.new$file"
    done
    content $daemon_json >"$before.new/written"
    show InvocationID >"$before.new/started"
    mv "$before.new" "$before"
}

content() { # FILE: as a digest
    if [ -f "$1" ]; then sha256sum <"$1" | cut -c 1-64; else echo absent; fi
}

as_seen() { # DIGEST: nobody has changed daemon.json since the host was looked at
    [ "$(content $daemon_json)" != "$1" ] || return 0
    echo "$daemon_json has changed since the host was looked at; nothing was changed, run this again" >&2
    return 1
}

idle() { # still nothing runs in Docker, as when the host was looked at
    names=$(timeout 60 docker ps --format '{{.Names}}')
    [ -n "$names" ] || return 0
    echo "this would stop what was started since the host was looked at; nothing was changed, run this" \
        "again: $(printf %s "$names" | tr '\n' ' ')" >&2
    return 1
}

way_back() { # whether there is one from a daemon.json that nobody else has changed since
    [ "$(content $daemon_json)" = "$(cat "$before/written" 2>/dev/null)" ]
}

unproved() { # whether Docker has not been started anew, or does not work, since the last change
    way_back || return 1
    [ "$(show InvocationID)" = "$(cat "$before/started")" ] || ! timeout 10 docker info >/dev/null 2>&1
}

pending() { # reload|restart [KEY...]: so that a run that dies does not leave it undone
    action=$1
    shift
    case $action in
    reload) echo reload >$state/unfinished ;;
    restart)
        id=$(show InvocationID)
        # What an earlier run left pending stays so until Docker is started anew.
        earlier=$(sed "1{/^$id\$/!Q;d}" $state/restart-pending 2>/dev/null || true)
        # shellcheck disable=SC2086 # one line for each
        printf '%s\n' "$id" "$@" $earlier >$state/restart-pending.new
        mv -f $state/restart-pending.new $state/restart-pending
        ;;
    esac
}

validate() { # CANDIDATE: with the flags of the daemon that runs
    candidate=$1
    shift
    pid=$(show MainPID)
    if [ "${pid:-0}" != 0 ]; then
        flags=$(tr '\0' '\n' <"/proc/$pid/cmdline" | tail -n +2)
        # The candidate's own sockets come with a drop-in that takes the flag -H away.
        ! grep -q '"hosts"' "$candidate" || flags=$(printf '%s\n' "$flags" | sed '/^-H$/,+1d; /^-H./d')
        while read -r flag; do
            [ -z "$flag" ] || set -- "$@" "$flag"
        done <<EOF
$flags
EOF
    fi
    if ! said=$(dockerd --validate --config-file="$candidate" "$@" 2>&1); then
        rm -f "$candidate"
        echo "dockerd refuses the new daemon.json, so the old one stays: $said" >&2
        return 1
    fi
}

swap() { # CANDIDATE OWNED: in one step, with owner and mode of the file that was there
    if [ -f $daemon_json ]; then
        chown --reference=$daemon_json "$1"
        chmod --reference=$daemon_json "$1"
    else
        chmod 0644 "$1"
    fi
    content "$1" >"$before/written"
    mv -f "$1" $daemon_json
    # Not before: a key that is to go would count as the admin's if the run died in between.
    mv -f "$2" $owned_keys
}

answers() { # within a minute; at once no, where systemd has given up
    for _ in $(seq 60); do
        ! timeout 10 docker info >/dev/null 2>&1 || return 0
        ! systemctl is-failed -q docker.service || return 1
        sleep 1
    done
    return 1
}

packages_come() { # [reload-first|stop-first]: Docker's packages restart it by themselves
    mkdir -p $state
    show InvocationID >$state/started
    first "$@"
}

first() { # [reload-first|stop-first]: to switch live-restore on, or to stop what it would lose
    case " $* " in
    *' reload-first '*) systemctl reload docker.service || true ;;
    *' stop-first '*)
        docker ps -q >>$state/stopped
        xargs -r docker stop <$state/stopped >/dev/null || true
        ;;
    esac
}

restarted() { # whether the packages did
    [ "$(cat $state/started)" != "$(show InvocationID)" ] && systemctl is-active -q docker.service
}

containerd_as_written() { # with the flags of its unit; they may be newer than the process
    pid=$(systemctl show -p MainPID --value containerd.service)
    [ "${pid:-0}" != 0 ] || return 1
    case $(systemctl show -p ExecStart --value containerd.service) in
    *"argv[]=$(tr '\0' ' ' <"/proc/$pid/cmdline");"*) ;;
    *) return 1 ;;
    esac
}

act() { # start|reload|restart, [reload-first|stop-first], [unless-restarted]
    # Whether it worked is for others to see.
    mkdir -p $state
    date +%s >$state/since
    # systemd counts starts and refuses the sixth in ten seconds (systemd.unit(5)).
    systemctl reset-failed docker.service docker.socket 2>/dev/null || true
    first "$@"
    if [ "$1" != reload ] && ! containerd_as_written; then
        systemctl restart containerd.service || true
        set -- "$1" # whatever restarted Docker before: it has to come after this
    fi
    case " $* " in
    *' unless-restarted '*) restarted || systemctl "$1" docker.service || true ;;
    *) systemctl "$1" docker.service || true ;;
    esac
    # It makes systemd reload its units, by which containers lose GPUs that the nvidia runtime gave.
    systemctl is-enabled -q docker.service || systemctl enable docker.service
    answers || return 0
    echo verify >$state/unfinished
    # At another data-root there are none of them.
    [ ! -s $state/stopped ] || xargs docker start <$state/stopped >/dev/null 2>&1 || true
}

settle() { # the configuration works: the way back is not needed
    rm -rf "$before" $state/since $state/started $state/stopped
}

last_words() { # the daemon's own since the change, the worst of them if it says which they are
    said=$(journalctl _SYSTEMD_UNIT=docker.service --since "@$(cat $state/since)" -o cat --no-pager)
    wrong=$(printf '%s\n' "$said" | grep -iE '^failed|^unable|level=(error|fatal)' || true)
    printf '%s\n' "${wrong:-$said}" | tail -n 2 | uniq
}

roll_back() { # ACTION SENTENCES: back to the configuration that worked, and say why
    words=$(last_words)
    if ! way_back; then
        echo "$2; no change of Rackwright's is there to be taken back, so its configuration stays as" \
            "it is. Docker's last words: $words" >&2
        return 1
    fi
    for file in $files; do
        if [ -f "$before$file" ]; then
            cp -a "$before$file" "$file.old"
            mv -f "$file.old" "$file"
        else
            rm -f "$file"
        fi
    done
    if [ "$1" = reload ] && systemctl is-active -q docker.service; then
        act reload
    else
        systemctl daemon-reload
        act restart
    fi
    now='the configuration from before is in force again'
    answers || now='it does not answer with the configuration from before either'
    echo "$2; $now. Docker's last words: $words" >&2
    rm -rf "$before" $state/stopped
    return 1
}

"$@"
