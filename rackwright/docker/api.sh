#!/bin/sh
# Part of scripts that ask the daemon for what the docker command does not tell.

api() { # PATH [HEADER]: what the daemon answers to a GET, without the head
    # dial-stdio is how the docker command itself reaches a daemon over SSH (docker/cli, ssh
    # connection helper). The daemon drops a request whose sender hangs up, so standard input is a
    # pipe that this side holds open at both ends.
    : | {
        exec 3<>/proc/self/fd/0
        printf 'GET %s HTTP/1.0\r\nHost: docker\r\n%s\r\n' "$1" "${2-}" >&3
        timeout 20 docker system dial-stdio <&3 2>/dev/null
    } | sed '1,/^\r*$/d'
}
