#!/bin/sh
# The stand-in for dkms 3: "builds" by copying a module and writing the version into it, for Debian's
# and Ubuntu's own sources (nvidia-current, nvidia) as for those of the lab. What it keeps
# below /var/lib/dkms, its words and exit codes are those of dkms(8). Told to fail (dkms_fails=1 in
# /lab/gpu/machine), it fails as with a compiler's error.
set -eu
tree=/var/lib/dkms
arch=x86_64
dkms_fails=0
# shellcheck source=/dev/null
[ ! -r /lab/gpu/machine ] || . /lab/gpu/machine
action=${1-} module='' kernel=''
[ $# -eq 0 ] || shift
while [ $# -gt 0 ]; do
    case $1 in
    -m | -v) [ "$1" = -m ] && module=$2 || module=$module/$2 && shift ;;
    -k) kernel=${2%/*} && shift ;;
    -k=*) kernel=${1#*=} ;;
    --all | --force | -c | --rpm_safe_upgrade | --no-depmod) ;;
    -a) shift ;;
    */*) module=$1 ;;
    *) module=$1 ;;
    esac
    shift
done
kernel=${kernel:-$(uname -r)}
source=/usr/src/$(printf '%s' "$module" | tr / -)

error() { # CODE LINE...
    code=$1
    shift
    printf '\nError! %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@" >&2
    exit "$code"
}

add() {
    [ -e "$source/dkms.conf" ] || error 2 "Could not find module source directory." "Directory: $source does not exist."
    mkdir -p "$tree/$module"
    ln -sfn "$source" "$tree/$module/source"
}

build() {
    [ -e "$tree/$module/source" ] || add
    [ -e "/lib/modules/$kernel/build" ] || error 21 "Your kernel headers for kernel $kernel cannot be found at /lib/modules/$kernel/build or /lib/modules/$kernel/source." \
        "Please install the linux-headers-$kernel package or use the --kernelsourcedir option to tell DKMS where it's located."
    printf 'Building module:\nCleaning build area...\n'
    if [ "$dkms_fails" = 1 ]; then
        mkdir -p "$tree/$module/build"
        printf '%s\n' "DKMS make.log for $(printf '%s' "$module" | tr / -) for kernel $kernel ($arch)" \
            'nvidia/nv.c:1:10: fatal error: linux/lab.h: No such file or directory (a simulated failure)' >"$tree/$module/build/make.log"
        error 10 "Bad return status for module build on kernel: $kernel ($arch)" "Consult $tree/$module/build/make.log for more information."
    fi
    mkdir -p "$tree/$module/$kernel/$arch/module"
    built=$tree/$module/$kernel/$arch/module/nvidia.ko
    cp "$source/nvidia.ko" "$built" 2>/dev/null || put_version "${module#*/}" </usr/share/dkms/module.ko >"$built"
}

put_version() { # VERSION: into the 24 bytes that the module has for it
    pad=
    while [ $((${#1} + ${#pad} / 4)) -lt 24 ]; do pad="$pad\\x00"; done
    sed "s/@\{24\}/$1$pad/"
}

install() {
    [ -e "$tree/$module/$kernel/$arch/module/nvidia.ko" ] || build
    mkdir -p "/lib/modules/$kernel/updates/dkms"
    for part in '' -uvm -modeset -drm; do
        cp "$tree/$module/$kernel/$arch/module/nvidia.ko" "/lib/modules/$kernel/updates/dkms/${module%/*}$part.ko"
    done
    ln -sfn "$module/$kernel/$arch" "$tree/${module%/*}/kernel-$kernel-$arch"
    printf 'Installing %s\n' "/lib/modules/$kernel/updates/dkms/${module%/*}.ko"
    depmod "$kernel"
}

installed_for() { # NAME KERNEL: what is installed there of the module of that name
    link=$tree/$1/kernel-$2-$arch
    [ ! -L "$link" ] || readlink "$link" | cut -d / -f 1,2
}

remove() {
    for folder in "$tree/$module"/*/"$arch"; do
        [ -d "$folder" ] || continue
        on=${folder%/*} && on=${on##*/}
        if [ "$(installed_for "${module%/*}" "$on")" = "$module" ]; then
            rm -f /lib/modules/"$on"/updates/dkms/nvidia*.ko "$tree/${module%/*}/kernel-$on-$arch"
            [ ! -d "/lib/modules/$on" ] || depmod "$on"
        fi
    done
    rm -rf "${tree:?}/$module"
}

status() {
    for folder in "$tree"/*/*/; do
        [ -d "$folder" ] && [ ! -L "${folder%/}" ] || continue
        of=${folder#"$tree/"} of=${of%/}
        case $module in '' | "${of%/*}" | "$of") ;; *) continue ;; esac
        some=0
        for built in "$folder"*/"$arch"; do
            [ -d "$built" ] || continue
            some=1
            on=${built%/*} && on=${on##*/}
            [ "$(installed_for "${of%/*}" "$on")" = "$of" ] && word=installed || word=built
            echo "$of, $on, $arch: $word"
        done
        [ $some = 1 ] || echo "$of: added"
    done
}

case $action in
add | build | install | remove | status) $action ;;
autoinstall)
    for folder in "$tree"/*/*/source; do
        [ -e "$folder" ] || continue
        module=${folder#"$tree/"} && module=${module%/source}
        source=/usr/src/$(printf '%s' "$module" | tr / -)
        install
    done
    ;;
--version) echo dkms-3.0.10 ;;
*) error 1 "Unknown action specified: \"$action\"" ;;
esac
