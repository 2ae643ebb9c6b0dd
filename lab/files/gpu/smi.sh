# shellcheck shell=sh disable=SC2034,SC2154 # variables of the caller, and for the parts
# The stand-in for nvidia-smi: what it is asked, and whether the driver answers. /usr/bin/nvidia-smi
# sets $version and $cuda (those of its package) and reads this file. In containers too, which may
# have nothing but a shell: what has to work there uses builtins only.
# Words and exit codes: NVIDIA's manual page of nvidia-smi, "RETURN VALUE", and its users' reports.
lab=${LAB_GPU:-/lab/gpu} dev=${LAB_DEV:-/dev} # others in tests without a host

fail() { # CODE LINE...
    code=$1
    shift
    printf '%s\n' "$@"
    exit "$code"
}

say() { # FILE: its first line, nothing where there is no such file
    line=
    [ ! -r "$1" ] || IFS= read -r line <"$1" || :
    printf '%s' "$line"
}

# A login that may load modules does so, as nvidia-modprobe would for everybody.
driver_answers() {
    [ -r "$lab/kernel/loaded" ] || /usr/sbin/modprobe nvidia >/dev/null 2>&1 || :
    [ -r "$lab/kernel/loaded" ] || fail 9 \
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running." ''
    [ "$(say "$lab/kernel/loaded")" = "$version" ] || fail 18 \
        'Failed to initialize NVML: Driver/library version mismatch' "NVML library version: ${version%.*}"
}

# The numbers of the cards that this process may use, "lost" ones left out with a line.
cards() {
    number=0
    while [ -r "$lab/card/$number" ]; do
        if [ -e "$dev/nvidia$number" ] && wanted $number; then
            if lost=$(attribute $number lost) && [ "$lost" = 1 ]; then
                echo "Unable to determine the device handle for GPU$number: $(attribute $number bus_id): Unknown Error" >&2
            else
                echo $number
            fi
        fi
        number=$((number + 1))
    done
}

attribute() { # CARD NAME
    (
        # shellcheck source=/dev/null
        . "$lab/card/$1"
        eval "printf '%s' \"\${$2-}\""
    )
}

wanted() { # CARD: whether -i names it, by number, UUID or bus
    [ -n "$only" ] || return 0
    for name in $(printf '%s' "$only" | tr , ' '); do
        case $name in "$1" | "$(attribute "$1" uuid)" | "$(attribute "$1" bus_id)") return 0 ;; esac
    done
    return 1
}

# Lines "CARD PID" of the processes that have a card open: on the host, and only for root.
processes() {
    command -v find >/dev/null || return 0
    find /proc/[0-9]*/fd -lname '/dev/nvidia[0-9]*' -printf '%l %p\n' 2>/dev/null |
        sed -n 's|^/dev/nvidia\([0-9]*\) /proc/\([0-9]*\)/.*|\1 \2|p' | sort -u |
        while read -r on pid; do
            case $(say "/proc/$pid/comm") in nvidia-persiste*) ;; *) echo "$on $pid" ;; esac
        done
}

process_name() { # PID
    # It may have ended meanwhile, which is no word of nvidia-smi's.
    name=$({ tr '\0' '\n' <"/proc/$1/cmdline" | head -n 1; } 2>/dev/null)
    printf '%s' "${name:-[Not Found]}"
}

only='' what=banner fields='' format='' value=''
case ${1-} in mig)
    shift
    # shellcheck source=/dev/null
    . "$lab/bin/smi-mig.sh"
    ;;
esac
while [ $# -gt 0 ]; do
    case $1 in
    -L | --list-gpus) what=list ;;
    -q | --query) what=details ;;
    -x | --xml-format) what=xml ;;
    -i | --id) only=$2 && shift ;;
    -i=* | --id=*) only=${1#*=} ;;
    --query-gpu=*) what=query_gpu fields=${1#*=} ;;
    --query-compute-apps=*) what=query_apps fields=${1#*=} ;;
    --format=*) format=${1#*=} ;;
    -pm | --persistence-mode) what=persistence value=$2 && shift ;;
    -pm=* | --persistence-mode=*) what=persistence value=${1#*=} ;;
    -r | --gpu-reset) what=reset ;;
    -mig | --multi-instance-gpu) what=mig_mode value=$2 && shift ;;
    -mig=* | --multi-instance-gpu=*) what=mig_mode value=${1#*=} ;;
    --version)
        printf '%s\n' "NVIDIA-SMI version  : $version" "NVML version        : ${version%.*}" \
            "DRIVER version      : $(say "$lab/kernel/loaded")" "CUDA Version        : $cuda"
        exit
        ;;
    *) fail 2 "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help." '' ;;
    esac
    shift
done
driver_answers
[ -n "$(cards 2>/dev/null)" ] || fail 6 'No devices were found'
case $what in
query_*)
    # shellcheck source=/dev/null
    . "$lab/bin/smi-query.sh"
    ;;
mig_mode | persistence | reset)
    # shellcheck source=/dev/null
    . "$lab/bin/smi-mode.sh"
    ;;
*)
    # shellcheck source=/dev/null
    . "$lab/bin/smi-show.sh"
    ;;
esac
