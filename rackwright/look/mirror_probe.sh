#!/bin/sh
# Registry mirrors as this host reaches them, all at the same moment. Reads only, needs curl or wget.
# Arguments: seconds that each mirror has; the mirrors whose certificate is not checked (one
# argument, space-separated); the mirrors.
# Prints for each of them, between two marks: mirror NUMBER live MILLISECONDS DIGEST
#                                         or: mirror NUMBER failed WANTED REASON
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# A login's proxies are not dockerd's.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
seconds=$1 insecure=$2
shift 2
work=$(mktemp -d) || exit 0
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM
# What a mirror sends goes to a file; this many blocks of 512 bytes are enough.
ulimit -f 8192

types=application/vnd.docker.distribution.manifest
accept="$types.v2+json, $types.list.v2+json, application/vnd.oci.image.manifest.v1+json"
accept="$accept, application/vnd.oci.image.index.v1+json"

now() { # milliseconds
    nanoseconds=$(date +%s%N)
    echo "${nanoseconds%??????}"
}

origin() { # URL: scheme, host and port
    printf '%s\n' "$1" | sed 's|^\([a-z]*://[^/?]*\).*|\1|'
}

header() { # NAME: its last value in the answer
    tr -d '\r' <"$dir/head" | sed -n "s/^ *$1: *//Ip" | tail -n 1
}

request() { # URL TOKEN RANGE: one GET; leaves $dir/head, $dir/body and $status
    left=$((deadline - $(now)))
    [ "$left" -gt 0 ] || return 1
    limit=$(printf '%d.%03d' $((left / 1000)) $((left % 1000)))
    if command -v curl >/dev/null; then
        timeout "$limit" curl -qsS --proto '=http,https' ${any:+-k} ${bundle:+--cacert "$bundle"} \
            -H "Accept: $accept" ${2:+-H "Authorization: Bearer $2"} ${3:+-H "Range: bytes=$3"} \
            -D "$dir/head" -o "$dir/body" --url "$1" 2>"$dir/error"
    else
        timeout "$limit" wget -nv -S -t 1 --max-redirect=0 ${any:+--no-check-certificate} \
            ${bundle:+--ca-certificate="$bundle"} --header="Accept: $accept" \
            ${2:+--header="Authorization: Bearer $2"} ${3:+--header="Range: bytes=$3"} \
            -O "$dir/body" -- "$1" 2>"$dir/head"
        grep -v '^ ' "$dir/head" >"$dir/error"
    fi
    status=$(sed -n 's|^ *HTTP/[0-9.]* \([0-9]*\).*|\1|p' "$dir/head" | tail -n 1)
    [ -n "$status" ]
}

get() { # WANTED URL TOKEN RANGE: as request, through redirects; without an answer it is the end
    wanted=$1 url=$2 token=$3 hops=0
    while :; do
        for file in head body error; do : >"$dir/$file"; done
        status=
        request "$url" "$token" "$4" || end
        case $status in 301 | 302 | 303 | 307 | 308) ;; *) return ;; esac
        to=$(header location)
        case $to in http://* | https://*) ;; *) to=$(origin "$url")$to ;; esac
        # The token is for the mirror alone.
        [ "$(origin "$to")" = "$(origin "$url")" ] || token=
        url=$to hops=$((hops + 1))
        [ "$hops" -le 5 ] || end
    done
}

end() { # the mirror failed: why
    if [ -n "$status" ]; then
        reason="HTTP $status"
    elif [ "$(now)" -ge "$deadline" ]; then
        reason=timeout
    else
        reason=$(sed -n 1p "$dir/error" | tr -cd '[:print:]' | cut -c 1-200)
    fi
    echo "failed $wanted ${reason:-nothing was answered}"
    exit
}

parameter() { # NAME: of the challenge in www-authenticate
    header www-authenticate | sed -n "s/^[Bb]earer .*$1=\"\([^\"]*\)\".*/\1/p" | sed 's/ /%20/g'
}

get_manifest() { # TAG OR DIGEST
    get manifest "$repository/manifests/$1" "$pass" ''
    if [ "$status" = 401 ] && [ -z "$pass" ]; then
        realm=$(parameter realm) service=$(parameter service)
        case $realm in http://* | https://*) ;; *) end ;; esac
        case $realm in *\?*) realm="$realm&" ;; *) realm="$realm?" ;; esac
        get token "${realm}service=$service&scope=repository:library/hello-world:pull" '' ''
        pass=$(tr -d '\n' <"$dir/body" |
            sed -n 's/.*"\(access_\)\{0,1\}token" *: *"\([^"]*\)".*/\2/p')
        [ "$status" = 200 ] && [ -n "$pass" ] || end
        get manifest "$repository/manifests/$1" "$pass" ''
    fi
    [ "$status" = 200 ] || end
}

digests() { # of what a manifest names
    tr -d ' \t\n' <"$dir/body" | grep -o '"digest":"sha256:[0-9a-f]\{64\}"' | cut -d '"' -f 4
}

look() { # MIRROR: prints what was found
    repository=$1/v2/library/hello-world pass='' any='' bundle=''
    case " $insecure " in *" $1 "*) any=yes ;; esac
    own=/etc/docker/certs.d/$(origin "$1" | cut -d / -f 3)
    if cat "$own"/*.crt >"$dir/own" 2>/dev/null; then
        bundle=$dir/bundle
        cat /etc/ssl/certs/ca-certificates.crt "$dir/own" >"$bundle" 2>/dev/null
    fi
    start=$(now)
    deadline=$((start + seconds * 1000))
    get_manifest latest
    digest=$(sha256sum <"$dir/body" | cut -c 1-64)
    if grep -q '"manifests"' "$dir/body"; then
        get_manifest "$(digests | sed -n 1p)"
    fi
    get blob "$repository/blobs/$(digests | tail -n 1)" "$pass" 0-65535
    case $status in 200 | 206) [ -s "$dir/body" ] || end ;; *) end ;; esac
    echo "live $(($(now) - start)) sha256:$digest"
}

echo '@@rackwright-begin'
number=0
for mirror in "$@"; do
    number=$((number + 1))
    dir=$work/$number
    mkdir "$dir"
    (look "$mirror") >"$dir/found" 2>/dev/null &
done
wait
number=0
for mirror in "$@"; do
    number=$((number + 1))
    echo "mirror $number $(cat "$work/$number/found")"
done
echo '@@rackwright-end'
