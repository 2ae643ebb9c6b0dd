#!/bin/sh
# Containers of Rackwright. The first argument is the name of a function below (make, start, restart,
# stop, remove), the second that of the container. Standard input of make is the part of the
# environment that nobody is to see, in lines VARIABLE=VALUE.
set -eu
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
name=$2 old=$2.rackwright-old new=$2.rackwright-new
settled=3 # seconds that a container has to run where nobody checks whether it is well

fail() { # SENTENCE
    printf 'the container %s %s\n' "$name" "$1" >&2
    exit 1
}

there() { # CONTAINER; docker would take "db" for the beginning of an ID as well
    [ "$(docker container inspect --format '{{.Name}}' "$1" 2>/dev/null)" = "/$1" ]
}

field() { # CONTAINER TEMPLATE
    docker container inspect --format "$2" "$1"
}

said() { # FILE: the one line in which Docker says why
    sed -En 's/^Error response from daemon: //; s/^docker: //; s/ \([0-9a-f]{64}\)//; /./{p;q}' "$1"
}

ours() { # nobody else's is touched, even where it came after the look at the host
    for each in "$name" "$old" "$new"; do
        ! there "$each" || [ "$(field "$each" '{{index .Config.Labels "rackwright.container"}}')" = "$name" ] ||
            fail "cannot be ours: $each is on the host, and Rackwright did not make it"
    done
}

well() { # SECONDS: whether it runs and is healthy; why not is in $why
    began=$(date +%s)
    while :; do
        age=$(($(date +%s) - began))
        # shellcheck disable=SC2046 # four words, after the seconds
        set -- "$1" $(field "$name" '{{.State.Status}} {{.RestartCount}} {{.State.ExitCode}} {{if .State.Health}}{{.State.Health.Status}}{{else}}unchecked{{end}}')
        [ "$3" != "$restarts" ] || set -- "$1" "$2" 0 "$4" "$5"
        case "$2 $3 $5" in
        'running 0 healthy') return 0 ;;
        'running 0 unchecked')
            [ $age -lt $settled ] || return 0
            why='did not run in time'
            ;;
        'running 0 unhealthy')
            why="turned unhealthy ($(field "$name" '{{range .State.Health.Log}}{{println .Output}}{{end}}' | sed '/^$/d' | tail -n 1))"
            [ -n "$paused" ] || return 1
            ;;
        'running 0 '*) why='did not become healthy in time' ;;
        'running '*)
            why='ended soon after its start, again and again'
            return 1
            ;;
        *)
            why="ended with exit code $4 soon after its start"
            return 1
            ;;
        esac
        [ $age -lt "$1" ] || return 1
        sleep 0.5 # each look at it is a process, and there may be dozens of containers
    done
}

begin() { # SECONDS: it is started and well; why not is in $why
    # One that runs already, paused until now, keeps count of what Docker did to it before.
    restarts=$(field "$name" '{{.RestartCount}}')
    if ! docker container start "$name" >/dev/null 2>"$errors"; then
        why="does not start: $(said "$errors")"
        return 1
    fi
    well "$1"
}

last_words() { # its own, for a sentence; all of them go to the log
    docker container logs --tail 10 "$name" >"$errors" 2>&1 || true
    cat "$errors" >&2
    [ ! -s "$errors" ] || printf '. Its last words: %s' "$(tail -n 3 "$errors" | paste -s -d '|' | sed 's/|/ | /g')"
}

make() { # NAME IMAGE running|stopped SECONDS NETWORKS stdin|none OPTIONS... WORDS...
    image=$2 state=$3 seconds=$4 networks=$5 secrets=$6
    shift 6
    take_up
    docker image inspect "$image" >/dev/null 2>&1 || docker image pull --quiet "$image" >/dev/null 2>"$errors" ||
        fail "has no image: $(said "$errors")"
    # What the one before has in volumes without a name goes over to the new one.
    if there "$name"; then
        for volume in $(field "$name" '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}}:{{.Destination}} {{end}}{{end}}'); do
            case " $* " in *":${volume#*:} "* | *":${volume#*:}:"*) continue ;; esac
            printf '%s\n' "${volume%%:*}" | grep -Eqx '[0-9a-f]{64}' || continue
            set -- "--volume=$volume" "$@"
        done
    fi
    create "$@" >/dev/null 2>"$errors" || fail "cannot be made: $(said "$errors")"
    for network in $networks; do
        docker network connect "$network" "$new" 2>"$errors" || {
            docker container rm --force --volumes "$new" >/dev/null
            fail "cannot be made: $(said "$errors")"
        }
    done
    if there "$name"; then
        [ "$(field "$name" '{{.State.Running}}')" = false ] || ran=yes
        docker container stop "$name" >/dev/null
        docker container rename "$name" "$old"
    fi
    docker container rename "$new" "$name"
    [ "$state" = stopped ] || begin "$seconds" || put_back
    ! there "$old" || docker container rm "$old" >/dev/null
}

create() { # OPTIONS... WORDS...
    if [ "$secrets" = none ]; then
        docker container create --name "$new" "$@" </dev/null
    else
        # Of a socket, as sshd may give it, /dev/stdin cannot be opened; of a pipe it can.
        cat | docker container create --name "$new" --env-file=/dev/stdin "$@"
    fi
}

take_up() { # what a run that died has left of a replacement
    ran=
    if there "$old"; then
        ! there "$name" || docker container rm --force "$name" >/dev/null
        docker container rename "$old" "$name"
        [ "$state" = stopped ] || ran=yes
    fi
    ! there "$new" || docker container rm --force --volumes "$new" >/dev/null
}

put_back() { # the container from before; the new one has failed
    words=$(last_words)
    docker container rm --force --volumes "$name" >/dev/null
    now='there was none before it'
    if there "$old"; then
        docker container rename "$old" "$name"
        now='the one from before is in its place'
        [ -z "$ran" ] || { docker container start "$name" >/dev/null && now='the one from before runs again'; }
    fi
    fail "$why; $now$words"
}

start() { # NAME SECONDS
    if [ "$(field "$name" '{{.State.Paused}}')" = true ]; then
        docker container unpause "$name" >/dev/null
        paused=yes # what its healthcheck said in the meantime does not count
    fi
    begin "$2" || fail "$why$(last_words)"
}

restart() { # NAME SECONDS
    docker container stop "$name" >/dev/null
    start "$@"
}

stop() { # NAME
    docker container stop "$name" >/dev/null
}

remove() { # NAME; volumes stay, those without a name as well
    for each in "$name" "$old" "$new"; do
        ! there "$each" || { docker container stop "$each" && docker container rm "$each"; } >/dev/null
    done
}

paused=
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
ours
"$@"
