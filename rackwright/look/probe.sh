#!/bin/sh
# One look at a host, for one round trip. Reads only; needs nothing but Debian's essential packages.
# Arguments: the package names to look at (one argument, space-separated), the repository URL, the
# registries whose logins matter (as the packages), of which of "apt pip" the mirrors matter, shell
# code that looks at more (in base64), users.
# Prints lines "KEY VALUE" between two marks; texts from the host are in base64.
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
packages=$1 repo_url=$2 registries=$3 mirrored=$4 more=$(printf %s "$5" | base64 -d)
shift 5

file() { # KEY PATH: the content of a file, if there is one; apt reads none with a blank in its name
    case $2 in *[[:space:]]*) return ;; esac
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
sed 's/^/hold /' /var/lib/rackwright/holds 2>/dev/null
[ -z "$(ls -A /var/lib/dpkg/updates 2>/dev/null)" ] || echo 'dpkg_interrupted yes'

# Every mirror's copy of Docker's repository is below a folder linux; its name need not say docker.
source=/etc/apt/sources.list.d/docker.sources
file apt_source "$source"
grep -lisF -e docker -e linux/ -e "$repo_url" /etc/apt/sources.list \
    /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources |
    while read -r path; do
        [ "$path" = "$source" ] || file apt_source "$path"
    done
file keyring /etc/apt/keyrings/docker.asc
for path in /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d/*.gpg /etc/apt/trusted.gpg.d/*.asc; do
    case ${path##*/} in
    debian-archive-* | ubuntu-keyring-*) ;; # the distribution's own
    *) file trusted_keyring "$path" ;;
    esac
done
file daemon_json /etc/docker/daemon.json
file mirrors_json /var/lib/rackwright/mirrors.json
for unit in docker containerd; do
    file drop_in "/etc/systemd/system/$unit.service.d/rackwright.conf"
done
grep -lsE '^ExecStart=.' /etc/systemd/system/docker.service \
    /etc/systemd/system/docker.service.d/*.conf | sed '/\/rackwright\.conf$/d; s/.*/own_exec_start yes/'
file owned_keys /var/lib/rackwright/owned-keys.json
file restart_pending /var/lib/rackwright/restart-pending
file logins_json /var/lib/rackwright/logins.json
file unfinished /var/lib/rackwright/unfinished

# Where packages come from, if that is asked for, or was and has a way back.
state=/var/lib/rackwright
[ ! -e $state/apt-mirror.json ] || mirrored="$mirrored apt"
[ ! -e $state/pip.json ] || mirrored="$mirrored pip"
case $mirrored in *apt*)
    file apt_mirror_json $state/apt-mirror.json
    for path in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
        /etc/apt/sources.list.d/*.sources; do
        file distro_source "$path"
    done
    ;;
esac
case $mirrored in *pip*)
    file pip_json $state/pip.json
    file pip_conf /etc/pip.conf
    ;;
esac
[ -z "$mirrored" ] || find $state/kept -type f 2>/dev/null |
    while read -r path; do file kept "$path"; done

{ command -v curl || command -v wget; } >/dev/null && echo 'http_client yes'

group=$(getent group docker) && echo "docker_group $group"
for user in "$@"; do
    getent passwd "$user" >/dev/null 2>&1 && echo "user $user"
done

# Who is logged in where; the passwords in there stay there.
for user in root "$@"; do
    home=$(getent passwd "$user" | cut -d: -f6)
    auths=$(tr -d ' \t\n' 2>/dev/null <"$home/.docker/config.json") || continue
    for registry in $registries; do
        case $auths in *"\"$registry\":{"*) echo "login $user $registry" ;; esac
    done
done

rootless=$(cat /var/lib/rackwright/rootless-users 2>/dev/null)
for user in $rootless; do
    echo "rootless_user $user"
    uid=$(id -u "$user" 2>/dev/null)
    home=$(getent passwd "$user" | cut -d: -f6)
    socket=/run/user/$uid/docker.sock
    [ -S "$socket" ] && [ -e "/var/lib/systemd/linger/$user" ] &&
        [ -L "$home/.config/systemd/user/default.target.wants/docker.service" ] &&
        running=$(timeout 10 docker -H "unix://$socket" ps \
            --format '{{.Names}} {{.State}} {{.Image}}' 2>/dev/null) &&
        echo "rootless_ready $user" && [ -n "$running" ] &&
        printf '%s\n' "$running" | sed "s|^|rootless_container $user/|"
done

# apt-cache reads the lists at the same time as Docker answers; its newest offer comes last.
apt-cache madison docker-ce 2>/dev/null | {
    if [ -d /run/systemd/system ]; then
        docker_unit() {
            systemctl show docker.service -p LoadState -p UnitFileState -p ActiveState -p SubState \
                -p InvocationID
        }
        unit=$(docker_unit)
        # A daemon that is just starting answers when it is there.
        case $unit in
        *SubState=auto-restart*) ;;
        *ActiveState=activating*)
            timeout 10 docker version </dev/null >/dev/null 2>&1
            unit=$(docker_unit)
            ;;
        esac
        printf '%s\n' "$unit" | sed 's/^\([^=]*\)=/unit \1 /'
        # Only ask a daemon that runs: its socket would start one that was stopped.
        case $unit in
        *ActiveState=active*)
            info=$(timeout 10 docker info --format 'engine_version {{.ServerVersion}}
engine_registries {{json .RegistryConfig}}
engine_live_restore {{.LiveRestoreEnabled}}
engine_swarm {{.Swarm.LocalNodeState}}
engine_debug {{.Debug}}
engine_labels {{json .Labels}}
engine_log_driver {{.LoggingDriver}}
engine_storage {{json .DriverStatus}}
engine_data_root {{.DockerRootDir}}
engine_images {{.Images}}
engine_all_containers {{.Containers}}' </dev/null 2>/dev/null) && printf '%s\n' "$info"
            root=$(printf '%s\n' "$info" | sed -n 's/^engine_data_root //p')
            # Docker shows where links lead, and with userns-remap a folder UID.GID below it.
            asked=$(sed -n 's/.*"data-root": *"\([^"]*\)".*/\1/p' /etc/docker/daemon.json 2>/dev/null)
            case $root in
            "$(realpath -m "${asked:-/}")" | "$(realpath -m "${asked:-/}")"/[0-9]*.[0-9]*)
                echo "data_root_as_asked $asked"
                ;;
            esac
            echo "volumes $(find "$root/volumes" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | wc -l)"
            # docker info does not count paused ones, and those that restart, as running.
            case $info in
            '' | *'engine_all_containers 0') ;;
            *)
                timeout 10 docker ps --format 'container {{.Names}} {{.State}} {{.Image}}' </dev/null ||
                    echo 'containers_unknown yes'
                ;;
            esac
            ;;
        esac
    fi
    awk 'NR == 1 { print "offered", $3 }'
}
eval "$more"
echo '@@rackwright-end'
