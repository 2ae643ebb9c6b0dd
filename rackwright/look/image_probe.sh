#!/bin/sh
# A look at the host's images: a part of the probe, for hosts whose settings name some. Reads only.
# Arguments: "all" or "named" (what is told of), "cache" (of builds too) or "", the tags that their
# registries are asked for (REGISTRY#TAG, one argument, space-separated; a registry as config.json
# calls it), then the names to look for.
# docker/api.sh stands before it. Prints lines "images_KEY VALUE"; what Docker answers in JSON is packed by gzip and base64.
all=$1 cache=$2 asked=$3
shift 3
# Only a daemon that runs: its socket would start one that was stopped.
systemctl is-active -q docker.service || exit 0
echo 'images_asked yes'

login() { # REGISTRY: root's login as a header of the daemon's API, if there is one
    auth=$(tr -d ' \t\n' 2>/dev/null <"$HOME/.docker/config.json" |
        awk -v key="\"$1\":{\"auth\":\"" '(i = index($0, key)) {
            rest = substr($0, i + length(key)); print substr(rest, 1, index(rest, "\"") - 1) }')
    [ -n "$auth" ] || return 0
    pair=$(printf %s "$auth" | base64 -d | sed 's/[\\"]/\\&/g')
    printf 'X-Registry-Auth: %s\r\n' "$(
        printf '{"username":"%s","password":"%s","serveraddress":"%s"}' \
            "${pair%%:*}" "${pair#*:}" "$1" | base64 -w0 | tr '+/' '-_'
    )"
}

upstream() { # REGISTRY TAG: what the registry has for it at this moment
    # The command substitution takes the end of the header's line away.
    header=$(login "$1")
    answer=$(api "/distribution/$2/json" "${header:+$header
}" | base64 -w0)
    printf 'images_upstream %s %s\n' "$2" "$answer"
}

for each in $asked; do upstream "${each%%#*}" "${each#*#}" & done
if [ "$all" = all ]; then
    # What goes between two of these commands is not told of.
    ids=$(timeout 30 docker ps --all --quiet --no-trunc </dev/null) || exit 0
    # shellcheck disable=SC2086 # one argument for each
    [ -z "$ids" ] || timeout 30 docker container inspect \
        --format 'images_container {{.Image}} {{.State.Running}} {{.Name}}' $ids </dev/null 2>/dev/null
    ids=$(timeout 30 docker image ls --all --quiet --no-trunc </dev/null) || exit 0
    # shellcheck disable=SC2046
    set -- $(printf '%s\n' "$ids" | sort -u)
fi
# Whatever is not there is not told of.
found='[]'
[ $# = 0 ] || found=$(timeout 30 docker image inspect "$@" </dev/null 2>/dev/null)
printf 'images_found %s\n' "$(printf '%s\n' "$found" | gzip -c | base64 -w0)"
[ -z "$cache" ] || printf 'images_cache %s\n' "$(api '/system/df?type=build-cache' | gzip -c | base64 -w0)"
wait
echo "images_now $(date +%s)"
