#!/bin/sh
# Lets a name mean an image. Prints the ID that the name means afterwards, and the one that it meant
# before where it did. $1: the image. $2: the name. Run as root.
set -eu
means() {
    docker image inspect --format '{{.Id}}' -- "$1"
}

before=$(means "$2" 2>/dev/null) || before=
docker tag -- "$1" "$2"
means "$2"
echo "$before"
