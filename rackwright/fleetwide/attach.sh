#!/bin/sh
# docker attach, which ends with 1 where somebody detached, and with a container's own code where that
# ended. What has run since the same moment did not end. $1: the container. Run as root.
began() {
    docker container inspect --format '{{.State.Running}} {{.State.StartedAt}}' -- "$1" 2>/dev/null
}

before=$(began "$1")
docker attach -- "$1" && exit
code=$?
case $before in
'true '*) [ "$(began "$1")" != "$before" ] || exit 0 ;;
esac
exit $code
