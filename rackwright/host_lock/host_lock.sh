#!/bin/sh
# One run at a time changes a host, and what it changes is written down there. The first argument is
# the name of one of the functions below; the others are its arguments. Needs nothing but Debian's
# essential packages.
# The lock has four lines: RUN held|over, ADMIN, PID START (of its connection), PROCESS COMMAND (on
# the admin's machine). It is in /run: a reboot ends whatever held it. ADMIN is USER@MACHINE#MARK,
# where the mark tells machines of the same name apart; people are shown what stands before it.
set -eu
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
folder=/run/rackwright
lock=$folder/lock
lost=$folder/lost       # since when the connection of the run that holds the lock is known to be gone
log=/var/log/rackwright.jsonl
bound=4194304           # bytes; a log of this size becomes the older one of two
grace=600               # seconds from then on; so long may go on what the run had begun

alone() { # FUNCTION ARGUMENT...: while nobody else is in here
    (umask 077 && mkdir -p $folder) # nobody but root may hold the mutex
    # Closed for what it starts: the kernel's lock ends with the last descriptor.
    (flock 9 && "$@" 9>&-) 9>$folder/mutex
}

look() { # into variables; run is empty where nobody has had the lock since the host started
    run='' word=over admin='' pid=0 start=0 process=0 command=''
    [ ! -f $lock ] || {
        read -r run word && read -r admin && read -r pid start && read -r process command
    } <$lock
}

started() { # PID: when, as proc_pid_stat(5) has it; its second field may hold blanks
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

connection() { # PID and start of the sshd that this came through; 0 0 without one
    at=$$
    while [ "$at" -gt 1 ]; do
        case $(cat "/proc/$at/comm") in
        sshd*)
            echo "$at $(started "$at")"
            return
            ;;
        esac
        at=$(sed 's/.*) //' "/proc/$at/stat" | cut -d ' ' -f 2)
    done
    echo 0 0
}

standing() { # RUN ADMIN: to them, the lock is free, mine, held, or left by a run that is over
    look
    if [ "$word" != held ]; then
        echo free
    elif [ "$run" = "$1" ]; then
        echo mine
    elif [ "$pid" != 0 ] && [ "$(started "$pid")" = "$start" ]; then
        echo held
    elif [ "$admin" = "$2" ] || [ "$(date +%s)" -ge "$(over_at)" ]; then
        echo left
    else
        echo held
    fi
}

over_at() { # when, in seconds since 1970, a run is over whose connection is gone: noted at first sight
    [ -e $lost ] || : >$lost
    echo $(($(stat -c %Y $lost) + grace))
}

says() { # VERB: who has the lock, or had it last
    look
    over=
    [ "$word" != held ] || [ ! -e $lost ] ||
        over="; its connection is gone, and from $(date -u -d "@$(over_at)" +'%T UTC') on the host is free"
    echo "${admin%#*} $1 this host since $(date -u -r $lock +'%F %T UTC') ($command)$over"
}

show() { # ADMIN: for one look at a host
    echo "host_lock_standing $(standing '' "$1")"
    look
    echo "host_lock_run $run"
    echo "host_lock_admin $admin"
    echo "host_lock_process $process"
    echo "host_lock_says $(says 'has been changing')"
}

write() { # WORD RUN ADMIN PROCESS COMMAND
    printf '%s %s\n%s\n%s\n%s %s\n' "$2" "$1" "$3" "$(connection)" "$4" "$5" >$lock.new
    mv -f $lock.new $lock
    rm -f $lost
}

end_connection() { # of the run that was broken: no further step of it begins
    [ "$pid" = 0 ] || [ "$(started "$pid")" != "$start" ] || kill "$pid" || true
}

take() { # RUN ADMIN PROCESS COMMAND SEEN BROKEN: where it is not as SEEN at the look, this fails
    case $(standing "$1" "$2") in
    held)
        look
        if [ "$6" != any ] && [ "$run" != "$6" ]; then
            echo "$(says 'has been changing'); let that run end, and run this again" >&2
            return 1
        fi
        end_connection
        ;;
    esac
    look
    if [ "$5" != any ] && [ "$run" != "$1" ] && [ "$run" != "$5" ]; then
        echo "the plan is out of date: $(says 'has changed'); run this again" >&2
        return 1
    fi
    write held "$1" "$2" "$3" "$4"
}

record() { # [RESULT LINES]...: JSON objects without their first two keys, packed
    while [ $# -gt 1 ]; do
        [ ! -f $log ] || [ "$(stat -c %s $log)" -lt $bound ] || mv -f $log $log.1
        [ -f $log ] || install -m 0640 -g adm /dev/null $log
        head="{\"when\": \"$(date -u +%FT%TZ)\", \"result\": \"$1\", "
        echo "$2" | base64 -d | gzip -dc | sed "s/^{/$head/" | tee -a $log |
            logger -t rackwright --size 32768
        shift 2
    done
}

begin() { # RUN ADMIN PROCESS COMMAND SEEN BROKEN LINES
    take "$1" "$2" "$3" "$4" "$5" "$6"
    # A full disk must not keep a host from being mended.
    record planned "$7" || true
}

again() { # RUN ADMIN PROCESS COMMAND: after a reboot of the run's own
    take "$1" "$2" "$3" "$4" any ''
}

give() { # RUN [RESULT LINES]...
    look
    # Not where somebody broke it.
    [ "$run" != "$1" ] || write over "$run" "$admin" "$process" "$command"
    shift
    record "$@" || true
}

wait_for() { # SECONDS RUN ADMIN: until nobody else holds it
    until=$(($(date +%s) + $1))
    while [ "$(standing "$2" "$3")" = held ]; do
        if [ "$(date +%s)" -ge "$until" ]; then
            echo "$(says 'has been changing'), and for all of the $1 s that this run has waited" >&2
            return 1
        fi
        sleep 1
    done
}

within() { # SECONDS SHELL, and as begin: what a command of one step does, the lock around it
    seconds=$1 shell=$2
    shift 2
    [ "$seconds" = 0 ] || wait_for "$seconds" "$1" "$2"
    alone begin "$@"
    code=0 result='done'
    sh -c "$shell" || code=$? result=failed
    alone give "$1" $result "$7"
    return $code
}

case $1 in
begin | again | give) alone "$@" ;;
*) "$@" ;;
esac
