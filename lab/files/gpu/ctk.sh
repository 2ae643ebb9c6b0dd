# shellcheck shell=sh disable=SC2154 # $version: of the caller
# The stand-in for nvidia-ctk: writes a CDI specification that a real dockerd injects. /usr/bin/nvidia-ctk
# sets $version (that of its package) and reads this file. It refuses to touch Docker's configuration.
# Form: the Container Device Interface specification and NVIDIA's "Support for CDI".
lab=/lab/gpu
library=/usr/lib/x86_64-linux-gnu/libcuda.so

error() {
    echo "time=\"$(date +%Y-%m-%dT%H:%M:%SZ)\" level=error msg=\"$*\"" >&2
    exit 1
}

attribute() { # CARD NAME
    (
        # shellcheck source=/dev/null
        . "$lab/card/$1"
        eval "printf '%s' \"\${$2-}\""
    )
}

device() { # NAME NODE...
    printf '  - name: "%s"\n    containerEdits:\n      deviceNodes:\n' "$1"
    shift
    printf '        - path: %s\n' "$@"
}

# As --device-name-strategy=index,uuid: a card has no device of its own while it has MIG on.
devices() {
    all=
    for node in /dev/nvidia[0-9]*; do
        number=${node#/dev/nvidia}
        uuid=$(attribute "$number" uuid)
        all="$all $node"
        if [ "$(cat "$lab/mode/$number.mig" 2>/dev/null)" = 1 ]; then
            index=0
            while read -r instance _ _ compute; do
                [ "$compute" != - ] || continue
                device "$number:$index" "$node"
                device "MIG-$(printf %04d "$instance")${uuid#GPU-????}" "$node"
                index=$((index + 1))
            done <"$lab/kernel/mig/$number"
        else
            device "$number" "$node"
            device "$uuid" "$node"
        fi
    done
    # shellcheck disable=SC2086 # into words
    device all $all
}

mount_of() { # PATH
    printf '    - hostPath: %s\n      containerPath: %s\n      options: [ro, nosuid, nodev, bind]\n' "$1" "$1"
}

specification() {
    driver=$(cat $lab/kernel/loaded)
    printf '%s\n' '---' 'cdiVersion: 0.5.0' 'kind: nvidia.com/gpu' 'devices:'
    devices
    printf '%s\n' 'containerEdits:' '  env:' '    - NVIDIA_VISIBLE_DEVICES=void' '  deviceNodes:'
    for node in /dev/nvidiactl /dev/nvidia-uvm; do [ ! -e $node ] || echo "    - path: $node"; done
    echo '  mounts:'
    mount_of /usr/bin/nvidia-smi
    mount_of "$library.$driver"
    # What the real one gets through /dev/nvidiactl: the stand-in's state.
    mount_of $lab
}

generate() {
    output=${NVIDIA_CTK_CDI_OUTPUT_FILE_PATH-}
    while [ $# -gt 0 ]; do
        case $1 in
        --output=*) output=${1#*=} ;;
        --output) output=$2 && shift ;;
        --format=* | --mode=* | --device-name-strategy=*) ;;
        --format | --mode | --device-name-strategy) shift ;;
        *) error "flag provided but not defined: $1" ;;
        esac
        shift
    done
    [ -e $lab/kernel/loaded ] || modprobe nvidia 2>/dev/null || :
    [ -e $lab/kernel/loaded ] ||
        error 'failed to generate CDI spec: failed to create device CDI specs: failed to initialize NVML: ERROR_DRIVER_NOT_LOADED'
    [ -e "$library.$(cat $lab/kernel/loaded)" ] ||
        error 'failed to generate CDI spec: failed to create device CDI specs: failed to initialize NVML: ERROR_LIB_RM_VERSION_MISMATCH'
    if [ -z "$output" ]; then
        specification
        return
    fi
    mkdir -p "$(dirname "$output")"
    specification >"$output.new" && mv "$output.new" "$output"
    echo "time=\"$(date +%Y-%m-%dT%H:%M:%SZ)\" level=info msg=\"Generated CDI spec with version 0.5.0\"" >&2
}

list() {
    found=$(sed -n 's/^  - name: "\(.*\)"$/nvidia.com\/gpu=\1/p' /etc/cdi/*.yaml /var/run/cdi/*.yaml 2>/dev/null | sort -u)
    echo "time=\"$(date +%Y-%m-%dT%H:%M:%SZ)\" level=info msg=\"Found $(printf '%s' "$found" | grep -c . || :) CDI devices\"" >&2
    [ -z "$found" ] || printf '%s\n' "$found"
}

case "${1-} ${2-}" in
'--version ' | '-v ') printf '%s\n' "NVIDIA Container Toolkit CLI version $version" 'commit: none, this is a stand-in' ;;
'cdi generate') shift 2 && generate "$@" ;;
'cdi list') list ;;
'runtime configure' | 'config '*)
    echo "$*" >>$lab/refused
    error "this stand-in for nvidia-ctk changes no configuration: $*"
    ;;
*) error "no help topic for '$*'" ;;
esac
