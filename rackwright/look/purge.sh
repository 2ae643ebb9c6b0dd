#!/bin/sh
# A second look at a host, for a purge: what is left of Docker. Reads only; needs nothing but
# Debian's essential packages. Arguments: package names and users (one argument each,
# space-separated), the data-root of daemon.json or nothing, shell code that looks at more (in
# base64), then paths to look for.
# Prints lines "KEY VALUE" between two marks.
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
packages=$1 users=$2 data_root=$3 more=$(printf %s "$4" | base64 -d)
shift 4

there() { # PATH: an empty folder is as good as none, for it may be the place of a mounted disk
    if [ -d "$1" ]; then [ -n "$(ls -A "$1")" ]; else [ -e "$1" ] || [ -L "$1" ]; fi
}
count() { # KEY FOLDER: the folders in it
    echo "$1 $(find "$2" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | wc -l)"
}

echo '@@rackwright-begin'
# shellcheck disable=SC2016,SC2086 # the ${...} are dpkg-query's; the names are words
dpkg-query -W -f='package ${Package} ${db:Status-Abbrev} ${Version}\n' $packages 2>/dev/null
for path in "$@" ${data_root:+"$data_root"}; do
    there "$path" && echo "path $path"
done
[ -z "$data_root" ] ||
    find "$data_root" -mindepth 1 -maxdepth 1 -printf 'data_root_entry %f\n' 2>/dev/null
count containers "${data_root:-/var/lib/docker}/containers"
count volumes "${data_root:-/var/lib/docker}/volumes"

# Every container has a shim, whether a Docker Engine answers for it or not.
grep -lsaF containerd-shim /proc/[0-9]*/cmdline | while read -r file; do
    case $(readlink "${file%cmdline}exe") in
    */containerd-shim*)
        { tr '\0' ' ' <"$file" 2>/dev/null && echo; } |
            sed -n 's/.* -namespace \([^ ]*\) -id \([^ ]*\) -address \([^ ]*\).*/shim \1 \2 \3/p'
        ;;
    esac
done

# Only a group of this host can be changed here, not one of a directory service.
if group=$(grep '^docker:' /etc/group); then
    echo "group $group"
    gid=${group#*:*:}
    getent passwd | awk -F: -v gid="${gid%%:*}" '$4 == gid { print "primary", $1 }'
fi
for user in root $users; do
    home=$(getent passwd "$user" | cut -d: -f6)
    [ -f "$home/.docker/config.json" ] && echo "credentials $user $home/.docker/config.json"
done
eval "$more"
echo '@@rackwright-end'
