#!/bin/sh
# Compose projects of Rackwright. The first argument is the name of a function below (up, down), the
# second that of the project. Standard input of up is what the ${VARIABLES} of its file stand for, in
# lines VARIABLE=VALUE.
set -eu
umask 077
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
name=$2 folder=/var/lib/rackwright/compose/$2
values= # what the ${VARIABLES} stand for, in lines
known=  # containers from before, each with how often Docker had restarted it by then

fail() { # SENTENCE
    printf 'the compose project %s %s\n' "$name" "$1" >&2
    exit 1
}

compose() ( # the variables are there for docker alone: their names may be those of ours
    set -f
    IFS='
'
    # shellcheck disable=SC2086 # a word for each line
    set -- $values '' --project-name "$name" --project-directory "$folder" "$@"
    while [ -n "$1" ]; do
        # shellcheck disable=SC2163 # it is VARIABLE=VALUE
        export "$1"
        shift
    done
    shift
    exec docker compose "$@" </dev/null
)

said() { # the last line of what compose said, where it says why
    sed '/^$/d; s/^Error response from daemon: //' "$errors" | tail -n 1
}

states() { # a line for each container: ID/restarts, name, state, exit code, health, restart policy
    ids=$(docker ps --all --quiet --filter "label=com.docker.compose.project=$name" \
        --filter label=com.docker.compose.oneoff=False)
    # shellcheck disable=SC2086 # they are IDs
    [ -z "$ids" ] || docker container inspect --format '{{.ID}}/{{.RestartCount}} {{slice .Name 1}} {{.State.Status}} {{.State.ExitCode}} {{if .State.Health}}{{.State.Health.Status}}{{else}}unchecked{{end}} {{or .HostConfig.RestartPolicy.Name "no"}}' $ids
}

wrong() { # the first container that will not do, and why; nothing while there is none
    states | while read -r counted container state code health policy; do
        restarts=${counted#*/}
        ! printf '%s\n' "$known" | grep -Fqx "$counted" || restarts=0 # what was before says nothing
        case "$state $restarts $health" in
        running\ 0\ unhealthy) echo "$container turned unhealthy" ;;
        created* | running\ 0\ *) continue ;;
        exited*) # it may have done its work
            [ "$code $policy" != '0 no' ] || continue
            echo "$container ended with exit code $code soon after its start"
            ;;
        *) echo "$container ended soon after its start, again and again" ;;
        esac
        break
    done
}

last_words() {
    compose logs --no-color --tail 10 >"$errors" 2>&1 || true
    cat "$errors" >&2
    [ ! -s "$errors" ] || printf '. Last words: %s' "$(tail -n 3 "$errors" | paste -s -d '~' | sed 's/~/; /g')"
}

up() { # PROJECT SECONDS APPLIED: from compose.yaml.new in its folder
    seconds=$2 applied=$3
    while IFS= read -r line && [ -n "$line" ]; do
        values="$values$line
"
    done
    if ! compose --file "$folder/compose.yaml.new" config --quiet 2>"$errors"; then
        rm "$folder/compose.yaml.new"
        fail "stays as it is, for its file cannot be used: $(said)"
    fi
    known=$(states | cut -d ' ' -f 1)
    rm -f "$folder/applied" "$folder/containers"
    mv "$folder/compose.yaml.new" "$folder/compose.yaml"
    compose --file "$folder/compose.yaml" up --detach --remove-orphans --quiet-pull 2>"$errors" >/dev/null ||
        fail "does not come up: $(said)$(last_words)"
    limit=$(($(date +%s) + seconds))
    settled=$(($(date +%s) + 3)) # where nobody checks whether it is well, it has to run for a while
    while :; do
        why=$(wrong)
        [ -z "$why" ] || fail "does not come up: $why$(last_words)"
        case $(states) in
        *' starting '*) ;;
        *) [ "$(date +%s)" -lt $settled ] || break ;;
        esac
        [ "$(date +%s)" -lt $limit ] || fail "is not healthy after $seconds s$(last_words)"
        sleep 0.5
    done
    states | awk '$3 == "running" { print $2 }' >"$folder/containers"
    printf '%s\n' "$applied" >"$folder/applied"
}

down() { # PROJECT; its volumes stay
    # By its labels: its file asks for ${VARIABLES} that nobody gives any more.
    docker compose --project-name "$name" --project-directory "${folder%/*}" down --remove-orphans \
        </dev/null 2>"$errors" >/dev/null || fail "does not go down: $(said)"
    rm -rf "$folder"
}

errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
"$@"
