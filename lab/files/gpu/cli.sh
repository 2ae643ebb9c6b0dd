# shellcheck shell=sh disable=SC2154
# The stand-in for nvidia-container-cli: /usr/bin/nvidia-container-cli sets $version and reads this.
lab=/lab/gpu
case ${1-} in
--version | -V) printf '%s\n' "cli-version: $version" "lib-version: $version" 'build revision: none, this is a stand-in' ;;
info)
    [ -e $lab/kernel/loaded ] || {
        echo 'nvidia-container-cli: initialization error: nvml error: driver not loaded' >&2
        exit 1
    }
    printf 'NVRM version:   %s\n' "$(cat $lab/kernel/loaded)"
    ;;
*)
    echo "nvidia-container-cli: this stand-in does not know: $*" >&2
    exit 1
    ;;
esac
