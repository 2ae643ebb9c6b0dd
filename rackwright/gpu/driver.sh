#!/bin/sh
# NVIDIA's driver: installed, built for every kernel that may boot, and loaded.
# The first argument is the name of one of the functions below; the others are its arguments.
set -eu
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export DEBIAN_FRONTEND=noninteractive

fail() { # SENTENCE
    echo "$1" >&2
    exit 1
}

errors() { # of apt-get, on one line
    grep '^E:' | tail -n 3 | sed 's/^E: //' | tr '\n' ';' | sed 's/;$//; s/;/; /g'
}

remedy() { # WHAT APT SAID: what to do about it
    case $1 in
    *'linux-headers-'*) echo 'boot a kernel whose headers apt has (apt-get dist-upgrade brings a newer one), or take the old kernel off' ;;
    *'Unable to locate'* | *'no installation candidate'* | *'was not found'*)
        echo "name another gpu_driver, or set gpu_repo_url; Debian's own driver is in its components contrib and non-free, Ubuntu's in restricted" ;;
    *'held packages'* | *unmet*) echo 'look with apt-mark showhold, and into what apt says of these packages' ;;
    *) echo 'run it again when that is mended' ;;
    esac
}

apt_get() { # ARGUMENTS
    apt-get -y -q -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
        --allow-downgrades "$@"
}

can() { # PACKAGE...: apt can have all of them, and $said is how
    ! said=$(apt_get --simulate install "$@" 2>&1) || return 0
    why=$(printf '%s\n' "$said" | errors)
    fail "apt cannot install $*: ${why:-$said}; nothing was changed: $(remedy "$said")"
}

install() { # PACKAGE...: nothing is changed where apt cannot have all of them
    can "$@"
    apt_get install "$@" || built "$*"
}

together() { # "FABRIC..." PACKAGE...: apt can have the driver, and these at exactly its version
    fabric=$1
    shift
    can "$@"
    for name; do :; done # the last one is of the driver's version
    version=$(printf '%s\n' "$said" | sed -nE "s/^(Inst|Conf) ${name%%=*} [^(]*\(([0-9]+:)?([0-9.]+)-.*/\3/p" | sed -n 1p)
    for name in $fabric; do set -- "$@" "$name=$version-*"; done
    [ -z "$version" ] || can "$@"
}

built() { # WHAT: why it could not be set up: as a rule, DKMS
    log=$(find /var/lib/dkms -name make.log -mmin -60 2>/dev/null | xargs -r ls -t | sed -n 1p)
    [ -n "$log" ] || fail "apt could not install $1; its reason stands above"
    last=$(grep -iE 'error' "$log" | tail -n 2)
    fail "DKMS could not build the driver's module ($log): ${last:-$(tail -n 2 "$log")}; choose a gpu_driver that supports this kernel, or boot another kernel"
}

module() { # KERNEL: the version of its module of the driver; Debian's own has another name
    modinfo -k "$1" -F version nvidia 2>/dev/null || modinfo -k "$1" -F version nvidia-current 2>/dev/null
}

installed() { # the versions of the driver's tools and libraries (rackwright/gpu/modules.py)
    # shellcheck disable=SC2016 # the ${...} are dpkg-query's
    dpkg-query -W -f='${db:Status-Abbrev} ${Package} ${Version}\n' nvidia-smi libcuda1 'nvidia-utils*' 'libnvidia-compute*' 2>/dev/null |
        sed -nE 's/^.i +(nvidia-smi|libcuda1|(nvidia-utils|libnvidia-compute)(-[0-9]+(-server)?)?) ([0-9]+:)?([0-9.]+).*/\6/p'
}

right() { # KERNEL: it has the module of the driver that is installed
    version=$(module "$1") || return 1
    versions=$(installed)
    [ -z "$versions" ] || printf '%s\n' "$versions" | grep -Fqx "$version"
}

fabric() { # PACKAGE...: at exactly the version of the driver
    version=$(module "$(uname -r)") || fail "there is no driver, so Fabric Manager has no version to be of"
    for name; do # each in its turn to the end of the list
        set -- "$@" "$name=$version-*"
        shift
    done
    apt_get install "$@" ||
        fail "the repository has no $* (it has to be exactly the driver's version); name another version in gpu_driver"
}

loadable() { # KERNEL...: each of them has the module of the driver that is installed
    for kernel; do
        ! right "$kernel" || continue
        dkms autoinstall -k "$kernel" >&2 || true
        right "$kernel" || {
            log=$(find /var/lib/dkms -name make.log -mmin -60 2>/dev/null | xargs -r ls -t | sed -n 1p)
            [ -z "$log" ] || built 'the driver'
            fail "there is no module of the driver for kernel $kernel; install linux-headers-$kernel, then: dkms autoinstall -k $kernel"
        }
    done
}

load() { # unless another one is loaded: then that is for a reboot
    [ ! -e /proc/driver/nvidia/version ] && [ ! -d /sys/module/nouveau ] || return 0
    said=$(modprobe nvidia 2>&1) || case $said in
    *'Key was rejected'*)
        key=/var/lib/shim-signed/mok/MOK.der # where Ubuntu keeps it
        [ -e $key ] || key=/var/lib/dkms/mok.pub
        fail "Secure Boot refuses the driver's module, which is signed with a key that this machine does not know; enrol it: mokutil --import $key, reboot, and confirm at the console"
        ;;
    *) fail "the driver's module does not load: $said; look into the kernel's log (dmesg | grep -i -e nvidia -e NVRM)" ;;
    esac
    nvidia-smi >/dev/null 2>&1 || true # it makes the device nodes
}

units() { # NAME...: those that are there run, with the driver that is loaded
    for unit; do
        systemctl cat "$unit.service" >/dev/null 2>&1 || continue
        systemctl is-enabled -q "$unit.service" || systemctl enable -q "$unit.service"
        systemctl restart "$unit.service" ||
            fail "$unit does not start: $(journalctl -u "$unit" -o cat --no-pager | tail -n 2)"
    done
}

hold() { # FILE PATTERN: everything of the set, written down in the file first
    # shellcheck disable=SC2016 # the ${...} are dpkg-query's
    there=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' | sed -n 's/^.i[^ ]* *//p')
    theirs=$(apt-mark showhold | grep -Fxv -f "$1" || true)
    {
        cat "$1"
        printf '%s\n' "$there" | grep -Ex "$2" | grep -Fxv -e "$theirs" || true
    } | sort -u | grep -Fx -e "$there" >"$1.new" || true
    mv -f "$1.new" "$1"
    xargs -r apt-mark hold <"$1" >/dev/null
}

"$@"
