# shellcheck shell=sh disable=SC2154 # read by smi.sh, with the variables of a card's file
# nvidia-smi without arguments, -L and -q. In containers too: builtins only.

mig_uuid() { # UUID INSTANCE
    printf 'MIG-%04d%s' "$2" "${1#GPU-????}"
}

instances() { # CARD: "NAME DEVICE UUID" of each MIG device
    device=0
    while read -r instance _ profile compute; do
        [ "$compute" != - ] || continue
        echo "$profile $device $(mig_uuid "$uuid" "$instance")"
        device=$((device + 1))
    done <"$lab/kernel/mig/$1"
}

list() {
    for number in $(cards); do
        # shellcheck source=/dev/null
        . "$lab/card/$number"
        echo "GPU $number: $name (UUID: $uuid)"
        [ ! -r "$lab/kernel/mig/$number" ] || instances "$number" | while read -r profile device id; do
            printf '  MIG %-11s Device %2d: (UUID: %s)\n' "$profile" "$device" "$id"
        done
    done
}

rule='+-----------------------------------------------------------------------------------------+'
parts='+-----------------------------------------+------------------------+----------------------+'
banner() {
    ! command -v date >/dev/null || date '+%a %b %e %T %Y'
    echo "$rule"
    printf '| NVIDIA-SMI %-22s Driver Version: %-14s CUDA Version: %-8s |\n' "$version" "$(say "$lab/kernel/loaded")" "$cuda"
    printf '%s\n' "|${parts#?}" \
        '| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |' \
        '| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |' \
        '|                                         |                        |               MIG M. |' \
        '|=========================================+========================+======================|'
    for number in $(cards); do
        # shellcheck source=/dev/null
        . "$lab/card/$number"
        persistence=Off mig=Disabled
        [ ! -e "$lab/kernel/persistence" ] || persistence=On
        [ "$(say "$lab/mode/$number.mig")" != 1 ] || mig=Enabled
        [ -n "$mig_profiles" ] || mig=N/A
        printf '| %3d  %-28s %4s  |   %s Off | %20s |\n' "$number" "$name" "$persistence" "$bus_id" "$ecc_uncorrected"
        printf '| N/A %4sC    %s %14sW / %4sW | %7sMiB / %6sMiB | %6s%%      Default |\n' "$temperature" "$pstate" \
            "${power%.*}" "${power_limit%.*}" "$memory_used" "$memory" "$utilization"
        printf '|                                         |                        | %20s |\n%s\n' "$mig" "$parts"
    done
    printf '\n'
    printf '%s\n' "$rule" \
        '| Processes:                                                                              |' \
        '|  GPU   GI   CI              PID   Type   Process name                        GPU Memory |' \
        '|        ID   ID                                                               Usage      |' \
        '|=========================================================================================|'
    running=$(processes)
    [ -n "$running" ] || echo '|  No running processes found                                                             |'
    [ -z "$running" ] || printf '%s\n' "$running" | while read -r on pid; do
        printf '| %4d   N/A  N/A %16d      C   %-33.33s %7dMiB |\n' "$on" "$pid" "$(process_name "$pid")" "$job_memory"
    done
    echo "$rule"
}

case $what in
list) list ;;
banner) banner ;;
details)
    printf '\n==============NVSMI LOG==============\n\n%-43s: %s\n%-43s: %s\n' 'Driver Version' "$(say "$lab/kernel/loaded")" 'CUDA Version' "$cuda"
    # shellcheck disable=SC2046 # into words
    set -- $(cards)
    printf '\n%-43s: %s\n' 'Attached GPUs' $#
    for number; do
        # shellcheck source=/dev/null
        . "$lab/card/$number"
        printf 'GPU %s\n    %-39s: %s\n    %-39s: %s\n' "$bus_id" 'Product Name' "$name" 'GPU UUID' "$uuid"
        [ -z "$fabric" ] || printf '    Fabric\n        %-35s: %s\n        %-35s: %s\n' State "$(say "$lab/kernel/fabric")" Status Success
    done
    ;;
xml)
    fail 2 "this stand-in for nvidia-smi does not print XML" ;;
esac
