#!/bin/sh
# One look at a host, for one round trip. Reads only; needs nothing but Debian's essential packages.
# Arguments: the package names to look at (one argument, space-separated), the repository URL, users.
# Prints lines "KEY VALUE" between two marks; texts from the host are in base64.
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
packages=$1 repo_url=$2
shift 2

file() { # KEY PATH: the content of a file, if there is one
    [ -f "$2" ] && printf '%s %s %s\n' "$1" "$2" "$(base64 -w0 "$2")"
}

echo '@@rackwright-begin'
echo "uid $(id -u)"
[ -z "${SUDO_USER-}" ] || echo "through_sudo yes"
if [ -r /etc/os-release ]; then
    (
        # shellcheck source=/dev/null
        . /etc/os-release
        echo "distro ${ID-}"
        echo "release ${VERSION_ID-}"
        echo "codename ${UBUNTU_CODENAME:-${VERSION_CODENAME-}}"
        # Docker's own list files, of whichever mirror, say nothing about the distribution's.
        find /var/lib/apt/lists -maxdepth 1 -name '*Release' -mmin -1440 \
            ! -name "*_linux_${ID-}_dists_*" 2>/dev/null | sed -n '1s/.*/apt_lists_fresh yes/p'
    )
fi
echo "architecture $(dpkg --print-architecture 2>/dev/null)"

# Besides the named ones, every package that dpkg left half-way: neither installed nor removed.
# shellcheck disable=SC2016 # the ${...} are dpkg-query's
dpkg-query -W -f='${db:Status-Abbrev} ${Package} ${Version}\n' 2>/dev/null |
    awk -v names=" $packages " '
        index(names, " " $2 " ") && $1 ~ /^.i/ || $1 !~ /^.[inc]$/ { print "package", $2, $3, $1 }'
[ -z "$(ls -A /var/lib/dpkg/updates 2>/dev/null)" ] || echo 'dpkg_interrupted yes'

grep -lisF -e docker -e /linux/debian -e /linux/ubuntu -e "$repo_url" /etc/apt/sources.list \
    /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources |
    while read -r path; do
        file apt_source "$path"
    done
file keyring /etc/apt/keyrings/docker.asc
file daemon_json /etc/docker/daemon.json
file unfinished /var/lib/rackwright/unfinished

group=$(getent group docker) && echo "docker_group $group"
for user in "$@"; do
    getent passwd "$user" >/dev/null 2>&1 && echo "user $user"
done

if [ -d /run/systemd/system ]; then
    unit=$(systemctl show docker.service -p LoadState -p UnitFileState -p ActiveState)
    printf '%s\n' "$unit" | sed 's/^\([^=]*\)=/unit \1 /'
    # Only ask a daemon that runs: its socket would start one that was stopped.
    case $unit in
    *ActiveState=active*)
        info=$(timeout 10 docker info --format 'engine_version {{.ServerVersion}}
engine_registries {{json .RegistryConfig}}
engine_live_restore {{.LiveRestoreEnabled}}
engine_containers {{.ContainersRunning}}' 2>/dev/null) && printf '%s\n' "$info"
        case $info in
        '' | *'engine_containers 0') ;;
        *) timeout 10 docker ps --format 'container {{.Names}}' ;;
        esac
        ;;
    esac
fi
echo '@@rackwright-end'
