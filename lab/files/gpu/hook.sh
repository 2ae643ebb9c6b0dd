#!/bin/sh
# The stand-in for nvidia-container-runtime-hook, which runc calls before a container's program: gives
# it the cards that NVIDIA_VISIBLE_DEVICES names, by mounting in the container's own mount namespace.
# Reads runc's state from standard input. Sentences: nvidia-container-cli's, as Docker shows them.
set -eu
lab=/lab/gpu
state=$(cat)
pid=$(printf '%s' "$state" | sed -n 's/.*"pid":\([0-9]*\).*/\1/p')
bundle=$(printf '%s' "$state" | sed -n 's/.*"bundle":"\([^"]*\)".*/\1/p')
config=$bundle/config.json
root=$(sed -n 's/.*"root":{"path":"\([^"]*\)".*/\1/p' "$config")
asked=$(sed -n 's/.*"NVIDIA_VISIBLE_DEVICES=\([^"]*\)".*/\1/p' "$config")
case $asked in '' | void | none) exit 0 ;; esac

fail() {
    echo "nvidia-container-cli: initialization error: $1" >&2
    exit 1
}

[ -e $lab/kernel/loaded ] || modprobe nvidia 2>/dev/null || fail 'nvml error: driver not loaded'
library=/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.$(cat $lab/kernel/loaded)
[ -e "$library" ] && [ -x /usr/bin/nvidia-smi ] || fail 'nvml error: driver/library version mismatch'

nodes=
for node in /dev/nvidia[0-9]*; do
    number=${node#/dev/nvidia}
    # shellcheck source=/dev/null
    uuid=$(. "$lab/card/$number" && echo "$uuid")
    for each in $(printf '%s' "$asked" | tr , ' '); do
        case $each in all | "$number" | "$number":* | "$uuid") nodes="$nodes $node" ;; esac
    done
done
[ -n "$nodes" ] || {
    echo "nvidia-container-cli: device error: $asked: unknown device" >&2
    exit 1
}

# shellcheck disable=SC2016,SC2086 # for the inner shell; into words
exec nsenter --target "$pid" --mount sh -euc '
root=$1 library=$2
shift 2
for file in /usr/bin/nvidia-smi "$library"; do
    mkdir -p "$root${file%/*}"
    : >>"$root$file"
    mount --bind "$file" "$root$file"
done
mkdir -p "$root/lab/gpu"
mount --bind /lab/gpu "$root/lab/gpu"
for node; do
    [ -e "$root$node" ] || mknod -m 666 "$root$node" c 1 3
done
' hook "$root" "$library" /dev/nvidiactl $nodes
