#!/bin/bash
# The fleet's cache gets images before the hosts ask for them, each layer once: docker-registry would
# pass a layer that it does not have on to every host that asks for it meanwhile, from far away.
# Arguments: the registry's port, architectures (one argument, space-separated), NAME:TAG or
# NAME@DIGEST of Docker Hub... What cannot be had is left to the hosts, who say why.
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
port=$1 architectures=$2
shift 2
blobs=/var/lib/docker-registry/docker/registry/v2/blobs
type=application/vnd
accept="$type.docker.distribution.manifest.v2+json, $type.docker.distribution.manifest.list.v2+json"
accept="$accept, $type.oci.image.manifest.v1+json, $type.oci.image.index.v1+json"

get() { # PATH: an answer of the registry, head and body
    exec 3<>"/dev/tcp/127.0.0.1/$port" || exit
    printf 'GET /v2/%s HTTP/1.0\r\nHost: cache\r\nAccept: %s\r\n\r\n' "$1" "$accept" >&3
    timeout 60 cat <&3
    exec 3>&-
}

manifest() { # REPOSITORY REFERENCE: on one line
    get "$1/manifests/$2" | sed '1,/^\r*$/d' | tr -d ' \t\r\n'
}

digests() { # of what a manifest names
    grep -o '"digest":"sha256:[0-9a-f]\{64\}"' | cut -d '"' -f 4
}

blob() { # REPOSITORY DIGEST: is in the cache in the end
    local file=$blobs/sha256/${2:7:2}/${2:7}/data tries=0
    [ -e "$file" ] && return
    # The registry goes on to fetch it when this has heard enough.
    get "$1/blobs/$2" 2>/dev/null | head -c 1 >/dev/null
    until [ -e "$file" ] || [ $((tries += 1)) -gt 4500 ]; do sleep 0.2; done
}

for image in "$@"; do
    case $image in
    *@*) name=${image%@*} reference=${image#*@} ;;
    *) name=${image%:*} reference=${image##*:} ;;
    esac
    case $name in */*) ;; *) name=library/$name ;; esac
    found=$(manifest "$name" "$reference")
    case $found in
    *'"manifests":['*)
        # One line for each manifest of the list; its platform comes behind its digest.
        children=$(for each in $architectures; do
            printf %s "$found" | sed 's/},{/\n/g' | grep -F "\"architecture\":\"$each\"" | digests
        done)
        ;;
    *) children='' ;;
    esac
    for child in ${children:-"$reference"}; do
        for digest in $(manifest "$name" "$child" | digests); do blob "$name" "$digest"; done
    done
done
exit 0
