#!/bin/sh
# The stand-ins for nvidia-persistenced and nv-fabricmanager, by the name that this is called by.
# The first keeps a card open, as the real one does; the second starts only with the loaded driver's
# version (its sentence: users' reports of it), and not at all without an NVSwitch.
set -eu
lab=/lab/gpu
[ -e $lab/kernel/loaded ] || modprobe nvidia
version=$1
loaded=$(cat $lab/kernel/loaded)
case ${0##*/} in
nvidia-persistenced)
    [ "$loaded" = "$version" ] || {
        echo "Failed to query NVIDIA devices. Please ensure that the NVIDIA device files (/dev/nvidia*) exist, and that user 0 has read and write permissions for those files." >&2
        exit 1
    }
    : >$lab/kernel/persistence
    exec 9<>/dev/nvidia0
    trap 'rm -f $lab/kernel/persistence; kill $!; exit 0' TERM
    ;;
nv-fabricmanager)
    [ -d /proc/driver/nvidia-nvswitch/devices ] || {
        echo 'request to query NVSwitch device information from NVSwitch driver failed with error:WARNING Nothing to do [NV_WARN_NOTHING_TO_DO]' >&2
        exit 1
    }
    [ "$loaded" = "$version" ] || {
        echo "fabric manager NVIDIA GPU driver interface version $version don't match with driver version $loaded. Please update with matching NVIDIA driver package." >&2
        exit 1
    }
    echo Completed >$lab/kernel/fabric
    trap 'echo "In Progress" >$lab/kernel/fabric; kill $!; exit 0' TERM
    ;;
esac
! command -v systemd-notify >/dev/null || systemd-notify --ready
sleep infinity 9<&- &
wait
