#!/bin/sh
# Images: pulled, loaded, pushed, and taken off. The first argument is the name of one of the functions below;
# the others are its arguments.
set -eu
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

failed() { # WHAT SAID: with Docker's words in one line, and what to do about them
    case $2 in
    *'no space left'*)
        remedy='the disk of Docker is full: set docker_prune, or free some space' ;;
    *'HTTP response to HTTPS client'* | *x509*)
        remedy='add the registry to docker_insecure_registries, or its certificate to /etc/docker/certs.d' ;;
    *'no such host'* | *timeout* | *Timeout* | *'connection refused'* | *unreachable* | *'no route'* | *deadline*)
        remedy='no mirror gave the image, and the host does not reach its registry: check the name, docker_registry_mirrors and docker_http_proxy'
        case $1 in 'cannot push'*) remedy='the host does not reach the registry: check the name and docker_http_proxy' ;; esac
        ;;
    *unauthorized* | *'no basic auth'* | *denied* | *'authentication required'*)
        remedy='the registry asks for a login, or has no such image: add it to docker_registry_logins, check the name' ;;
    *'manifest unknown'* | *'not found'* | *'name unknown'*)
        remedy='there is no such image: check its name and tag in docker_images' ;;
    *'no matching manifest'*)
        remedy='the image is not made for the architecture of this host' ;;
    *) remedy='run it again when that is mended' ;;
    esac
    echo "$1: $(printf %s "$2" | tr -s '\n ' ' ' | sed 's/^ //'); $remedy" >&2
    return 1
}

mirrors_said() { # CURSOR: why Docker went from one mirror to the next after this place in the journal
    journalctl --sync
    journalctl _SYSTEMD_UNIT=docker.service --after-cursor "$1" -o cat --no-pager |
        sed -n 's/.*Attempting next endpoint for pull after error: \(.*\)".*/\1;/p' | sed '$d' | uniq
}

pull() { # NAME REGISTRY
    cursor=$(journalctl --lines 1 --show-cursor --output cat --no-pager | sed -n 's/^-- cursor: //p')
    said=$(docker pull --quiet "$1" 2>&1 </dev/null) || {
        # Docker's own words are about the last place that it tried, and a mirror may have said more.
        [ "$2" != docker.io ] || said="$(mirrors_said "$cursor") $said"
        failed "cannot pull $1" "$said"
    }
}

pin() { # NAME@DIGEST REGISTRY TAG: the tag means this image, which is pulled where it is not there
    is_there "$1" || pull "$1" "$2"
    docker tag "$1" "$3"
}

room() { # FOLDER BYTES WHAT: a folder for the login to put a file into, and what that is for
    rm -rf "$1"
    install -d -m 0700 -o "${SUDO_USER:-root}" "$1"
    free=$(df --output=avail -B1 "$1" | tail -n 1)
    [ "$free" -gt "$2" ] || {
        rmdir "$1"
        failed "cannot $3" "its file has $2 bytes, $free are free: no space left on the device"
    }
}

load() { # FILE SHA256 NAME: the file and its folder go, whatever comes of it
    folder=${1%/*}
    trap 'rm -rf "$folder"' EXIT
    said=$(echo "$2  $1" | sha256sum --check --quiet 2>&1) ||
        failed "cannot load $3" "its file was damaged on its way: $said"
    said=$(docker load --quiet --input "$1" 2>&1 </dev/null) || failed "cannot load $3" "$said"
    case $said in
    *'Loaded image ID: '*) docker tag "${said##*Loaded image ID: }" "$3" ;;
    esac
}

tag() { # NAME TAG
    docker tag "$1" "$2"
}

push() { # NAME: and remember it
    said=$(docker push --quiet "$1" 2>&1 </dev/null) || case $said in
    # So says a registry into which two hosts push the same layers at once.
    *'blob unknown'*) said=$(docker push --quiet "$1" 2>&1 </dev/null) ;;
    *) false ;;
    esac || failed "cannot push $1" "$said"
    pushed=/var/lib/rackwright/pushed
    {
        awk -v name="$1" '$1 != name' $pushed 2>/dev/null || true
        echo "$1 $(docker image inspect --format '{{.Id}}' "$1")"
    } >$pushed.new
    mv -f $pushed.new $pushed
}

is_there() { # NAME
    docker image inspect "$1" >/dev/null 2>&1
}

remove() { # NAME [--force]: Docker itself refuses the last name of an image that a container uses
    ! is_there "$1" || docker image rm "$@"
}

prune() { # ID TAGS NAME...: unless it got other tags since the plan was made, or a container
    id=$1 tags=$2
    shift 2
    now=$(docker image inspect --format '{{join .RepoTags "\n"}}' "$id" 2>/dev/null | sort | paste -sd ' ') ||
        return 0
    if [ "$now" != "$tags" ] || docker ps -aq --no-trunc | xargs -r docker inspect -f '{{.Image}}' | grep -qx "$id"; then
        echo "$id is in use by now, and stays"
        return
    fi
    for name in "$@"; do
        ! is_there "$name" || docker image rm "$name"
    done
}

prune_cache() { # [DURATION]
    # With BuildKit on, the command would be buildx's, and that may mean another builder than Docker's.
    DOCKER_BUILDKIT=0 docker builder prune --all --force ${1:+--filter "until=$1"}
}

"$@"
