#!/bin/sh
# Bare to hello-world by hand: the steps of Docker's documentation for Debian and Ubuntu, with
# daemon.json in place first, so that the daemon starts once, with the right mirrors.
# Arguments: repository URL, registry mirror, users.
set -eu

# A function, so that the shell has read all of it before a program reads from standard input.
main() {
    repo_url=$1 mirror=$2
    shift 2
    # shellcheck source=/dev/null
    . /etc/os-release
    export DEBIAN_FRONTEND=noninteractive

    install -m 0755 -d /etc/apt/keyrings /etc/docker
    curl -fsSL "$repo_url/$ID/gpg" -o /etc/apt/keyrings/docker.asc
    chmod a+r /etc/apt/keyrings/docker.asc
    cat >/etc/apt/sources.list.d/docker.sources <<END
Types: deb
URIs: $repo_url/$ID
Suites: $VERSION_CODENAME
Components: stable
Architectures: $(dpkg --print-architecture)
Signed-By: /etc/apt/keyrings/docker.asc
END
    printf '{"registry-mirrors": ["%s"]}\n' "$mirror" >/etc/docker/daemon.json

    apt-get update -q
    apt-get install -qy docker-ce docker-ce-cli containerd.io \
        docker-buildx-plugin docker-compose-plugin
    for user in "$@"; do
        usermod -aG docker "$user"
    done
    systemctl enable --now docker.service
    sudo -u "$1" docker run --rm hello-world
}

main "$@" </dev/null
