#!/bin/sh
# GPUs with a driver: waited for, partitioned, described to Docker, and shown to work.
# The first argument is the name of one of the functions below; the others are its arguments.
# Waiting takes holders.sh before it.
set -eu
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

fail() { # SENTENCE
    echo "$1" >&2
    exit 1
}

jobs() { # [CONTAINER]...: who computes, and which of these containers still run
    apps=$(timeout 30 nvidia-smi --query-compute-apps=pid,process_name --format=csv,noheader 2>/dev/null) ||
        apps=$(holders)
    printf '%s\n' "$apps" | grep -E '^[0-9]' || true
    [ $# = 0 ] || docker ps --format '{{.Names}}' | grep -Fx "$(printf '%s\n' "$@")" || true
}

wait_for_jobs() { # SECONDS [CONTAINER]...: until nobody computes any more, and none of these runs
    seconds=$1
    shift
    end=$(($(date +%s) + seconds))
    while left=$(jobs "$@") && [ -n "$left" ]; do
        [ "$(date +%s)" -lt "$end" ] ||
            fail "these still run after $seconds s, and were left alone; run it again when they are done: $(echo "$left" | tr '\n' ';')"
        sleep 5
    done
}

mode() { # INDEX: "Enabled" or "Disabled"
    nvidia-smi -i "$1" --query-gpu=mig.mode.current --format=csv,noheader
}

switch() { # INDEX 0|1: MIG off or on, with a reset where the GPU needs one
    want=Disabled
    [ "$2" = 0 ] || want=Enabled
    [ "$(mode "$1")" != $want ] || return 0
    nvidia-smi -i "$1" -mig "$2" >&2 || fail "MIG mode of GPU $1 cannot be changed; does it have MIG?"
    [ "$(mode "$1")" != $want ] || return 0
    systemctl stop nvidia-persistenced.service 2>/dev/null || true
    nvidia-smi -i "$1" --gpu-reset >&2 || true
    systemctl start nvidia-persistenced.service 2>/dev/null || true
    [ "$(mode "$1")" = $want ] ||
        fail "MIG mode of GPU $1 is $want only after a reset, which somebody who holds the GPU prevents; stop that, or reboot the host"
}

mig() { # INDEX [PROFILES]: exactly these, with commas between
    ! nvidia-smi -i "$1" --query-compute-apps=pid --format=csv,noheader | grep -qE '^[0-9]' ||
        fail "GPU $1 is in use since a moment ago; nothing was changed on it. Run it again when it is idle"
    if [ "$(mode "$1")" = Enabled ]; then
        nvidia-smi mig -i "$1" -dci >/dev/null 2>&1 || true # there may be none
        nvidia-smi mig -i "$1" -dgi >/dev/null 2>&1 || true
    fi
    if [ -z "${2-}" ]; then
        switch "$1" 0
        return
    fi
    switch "$1" 1
    said=$(nvidia-smi mig -i "$1" -cgi "$2" -C 2>&1) ||
        fail "GPU $1 cannot have the profiles $2: $(echo "$said" | tail -n 2); nvidia-smi mig -i $1 -lgip shows those that it can have"
}

cdi() { # as the toolkit itself does it since 1.18, or in the place that outlives a reboot
    if systemctl cat nvidia-cdi-refresh.service >/dev/null 2>&1; then
        systemctl restart nvidia-cdi-refresh.service
        [ -e /etc/cdi/nvidia.yaml ] || return 0
    fi
    mkdir -p /etc/cdi
    said=$(nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml 2>&1) ||
        fail "nvidia-ctk cannot describe the GPUs: $(echo "$said" | tail -n 2)"
}

module() { # KERNEL: the version of its module of the driver; Debian's own has another name
    modinfo -k "$1" -F version nvidia 2>/dev/null || modinfo -k "$1" -F version nvidia-current 2>/dev/null
}

loaded() { # the driver that is installed is the one that runs
    installed=$(module "$(uname -r)") || fail 'there is no module of the driver for the kernel that runs'
    grep -qsF " $installed " /proc/driver/nvidia/version ||
        fail "driver $installed is installed, and after the reboot the loaded one is: $(sed -n 1p /proc/driver/nvidia/version 2>&1)"
}

shows() { # COUNT COMMAND...: nvidia-smi -L in some place shows so many GPUs
    count=$1
    shift
    said=$("$@" nvidia-smi -L 2>&1) || fail "nvidia-smi does not work${*:+ in: $*}: $(echo "$said" | tail -n 2)"
    found=$(echo "$said" | grep -c '^GPU ') || true
    [ "$found" = "$count" ] ||
        fail "nvidia-smi shows $found of $count GPUs${*:+ in: $*}; look for Xid messages in the kernel's log"
}

"$@"
