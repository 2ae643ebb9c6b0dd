#!/bin/sh
# Images that the host builds. The first argument is the name of a function below (look, build); the
# others are its arguments. Standard input of build is what nobody is to see, in lines NAME=VALUE.
set -eu
umask 077
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# What stands before the reason of a failure.
PREFIXES='s/^(ERROR|Error response from daemon|error): //; s/^failed to solve[^:]*: (failed to create LLB definition: )?//'
# Docker's own builder, whichever one somebody uses besides, and nothing but the image.
export BUILDX_BUILDER=default BUILDX_NO_DEFAULT_ATTESTATIONS=1

look() { # [KIND#URL]...: a part of the probe, in lines "build_KEY VALUE"
    echo 'build_asked yes'
    for tool in git xz; do
        ! command -v $tool >/dev/null || echo "build_tool $tool"
    done
    sed 's/^/build_pushed /' /var/lib/rackwright/pushed 2>/dev/null || true # nothing was
    for each in "$@"; do
        echo "build_source ${each#*#} $(source_now "${each%%#*}" "${each#*#}")" &
    done
    wait
}

source_now() { # git|url URL: what tells what is there now from what was there; nothing for unknown
    case $1 in
    git)
        repository=${2%%#*} branch=
        case $2 in *'#'*) branch=${2#*#} && branch=${branch%%:*} ;; esac
        case $branch in # a bare name would be any branch that ends in it
        '') set -- HEAD ;;
        refs/*) set -- "$branch" ;;
        *) set -- "refs/heads/$branch" "refs/tags/$branch" ;;
        esac
        GIT_TERMINAL_PROMPT=0 timeout 20 git ls-remote -- "$repository" "$@" 2>/dev/null |
            sed -n '1s/[[:space:]].*//p'
        ;;
    url)
        { curl -fsSLI -m 20 -- "$2" || wget -q -S --spider -T 20 -t 1 -- "$2" 2>&1; } 2>/dev/null |
            grep -iE '^ *(etag|last-modified|content-length):' | sort | sha256sum | cut -c 1-40
        ;;
    esac || true
}

build() { # NAME INPUT SHA256 SOURCE BASES SECRETS WORDS...: its input's folder goes in any case
    name=$1 input=$2 sha256=$3 source=$4 bases=$5 secrets=$6
    shift 6
    log=$(mktemp)
    trap 'rm -rf "$log"; [ "$input" = /dev/null ] || rm -rf "${input%/*}"' EXIT
    if [ "$secrets" = stdin ]; then
        while IFS= read -r line && [ -n "$line" ]; do
            export "RACKWRIGHT_$line"
            set -- "--secret=id=${line%%=*},env=RACKWRIGHT_${line%%=*}" "$@"
        done
        # Only BuildKit keeps them out of the image.
        export DOCKER_BUILDKIT=1
    fi
    [ "$input" = /dev/null ] || echo "$sha256  $input" | sha256sum --check --status ||
        fail 'what was sent was damaged on its way'
    for base in $bases; do
        set -- "--label=rackwright.base.$base=$(docker image inspect --format '{{.Id}}' "$base")" "$@"
    done
    [ -z "$source" ] || set -- "--label=rackwright.source=$(source_now "${source%%#*}" "${source#*#}")" "$@"
    case $input in
    *.tar.gz) # a folder of the laptop; Docker reads its .dockerignore again
        tar -xpzf "$input" -C "${input%/*}" --no-same-owner
        stdin=/dev/null
        ;;
    *) stdin=$input ;;
    esac
    docker build "$@" <"$stdin" >"$log" 2>&1 || failed
}

fail() { # SENTENCE
    stays='there was none before it'
    ! docker image inspect "$name" >/dev/null 2>&1 || stays='the image from before stays'
    printf 'cannot build %s: %s; %s\n' "$name" "$1" "$stays" >&2
    exit 1
}

failed() { # with the end of the log, and a sentence with the failing step and its last words
    said=$(covered <"$log" | sed 's/\x1b\[[0-9;]*m//g; s/\r$//')
    printf '%s\n' "$said" | tail -n 20
    # BuildKit has the number of the step in front of each line, as #6, and the time behind it.
    words=$(printf '%s\n' "$said" | awk '
        /^#[0-9]+ / {
            line = $0
            sub(/^#[0-9]+ ([0-9.]+ )?/, "", line)
            if (line ~ /^(sha256:|DONE|CACHED|transferring)/) next
            if (sub(/^ERROR: /, "", line)) failing = $1
            lines[$1] = lines[$1] line "\n"
        }
        /^Step [0-9]+\/[0-9]+ : / { old = "" }
        !/^( ---> |Removing intermediate|$)/ { old = old $0 "\n" }
        { last = $0 }
        END { printf "%s", failing ? lines[failing] : old ~ /^Step / ? old : "\n" last }')
    step=$(printf '%s\n' "$words" | sed -n 's/: *$//; 1p')
    words=$(printf '%s\n' "$words" | sed 1d | tail -n 5 | sed -E "$PREFIXES" | paste -s -d '~' | sed 's/~/ | /g')
    fail "${step:+in $step: }$words"
}

covered() { # standard input, with *** for every secret
    awk '{
        for (name in ENVIRON) {
            if (name !~ /^RACKWRIGHT_/ || ENVIRON[name] == "") continue
            rest = $0; $0 = ""
            while ((at = index(rest, ENVIRON[name]))) {
                $0 = $0 substr(rest, 1, at - 1) "***"
                rest = substr(rest, at + length(ENVIRON[name]))
            }
            $0 = $0 rest
        }
        print
    }'
}

"$@"
