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
    cat >/etc/docker/daemon.json <<END
{
  "live-restore": true,
  "log-opts": {"max-size": "10m", "max-file": "3"},
  "registry-mirrors": ["$mirror"]
}
END

    apt-get update -q
    packages='docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin'
    # shellcheck disable=SC2086 # each package is a word
    apt-get install -qy $packages
    # shellcheck disable=SC2086 # as above
    apt-mark hold $packages
    for user in "$@"; do
        usermod -aG docker "$user"
    done
    systemctl enable --now docker.service
    sudo -u "$1" docker run --rm hello-world
}

main "$@" </dev/null
