# shellcheck shell=sh disable=SC2154 # read by smi.sh, with the variables of a card's file
# nvidia-smi --query-gpu and --query-compute-apps. Names, units and "[N/A]": `nvidia-smi
# --help-query-gpu` and NVIDIA's "Useful nvidia-smi Queries".

heading() { # FIELD: how the csv's first line names it
    case $1 in
    memory.* | used_memory | used_gpu_memory) unit=' [MiB]' ;;
    utilization.*) unit=' [%]' ;;
    power.*) unit=' [W]' ;;
    clocks.sm | clocks.max.sm) unit=' [MHz]' ;;
    *) unit= ;;
    esac
    case $1 in used_memory) printf 'used_gpu_memory%s' "$unit" ;; *) printf '%s%s' "$1" "$unit" ;; esac
}

field() { # FIELD: its value for the card whose file was read; exit 1 for an unknown one
    case $1 in
    index) printf '%s' "$number" ;;
    count) cards 2>/dev/null | grep -c . ;;
    name | gpu_name) printf '%s' "$name" ;;
    uuid | gpu_uuid) printf '%s' "$uuid" ;;
    serial | gpu_serial) printf '%s' "$serial" ;;
    pci.bus_id | gpu_bus_id) printf '%s' "$bus_id" ;;
    pci.device_id) printf '0x%s10DE' "$device" ;;
    driver_version) say "$lab/kernel/loaded" ;;
    vbios_version) printf '%s' "$vbios" ;;
    compute_cap) printf '%s' "$compute_cap" ;;
    compute_mode) printf Default ;;
    pstate) printf '%s' "$pstate" ;;
    persistence_mode) if [ -e "$lab/kernel/persistence" ]; then printf Enabled; else printf Disabled; fi ;;
    memory.total) number_of "$memory" MiB ;;
    memory.used) number_of "$((memory_used + $(busy) * job_memory))" MiB ;;
    memory.free) number_of "$((memory - memory_used - $(busy) * job_memory))" MiB ;;
    memory.reserved) number_of 500 MiB ;;
    utilization.gpu) number_of "$utilization" % ;;
    utilization.memory) number_of 0 % ;;
    temperature.gpu) printf '%s' "$temperature" ;;
    power.draw) number_of "$power" W ;;
    power.limit) number_of "$power_limit" W ;;
    ecc.mode.current | ecc.mode.pending) printf '%s' "$ecc" ;;
    ecc.errors.corrected.volatile.total) printf '%s' "$ecc_corrected" ;;
    ecc.errors.corrected.aggregate.total) printf '%s' "$ecc_corrected" ;;
    ecc.errors.uncorrected.volatile.total) printf '%s' "$ecc_uncorrected" ;;
    ecc.errors.uncorrected.aggregate.total) printf '%s' "$ecc_uncorrected" ;;
    retired_pages.pending) printf '%s' "$retired_pending" ;;
    mig.mode.current) mig_mode "$(say "$lab/mode/$number.mig")" ;;
    mig.mode.pending) mig_mode "$(say "$lab/mode/$number.mig-pending")" ;;
    clocks_throttle_reasons.* | clocks_event_reasons.*) reason "${1#*.}" ;;
    *) return 1 ;;
    esac
}

number_of() { # NUMBER UNIT
    case $format in *nounits*) printf '%s' "$1" ;; *) printf '%s %s' "$1" "$2" ;; esac
}

busy() { processes | grep -c "^$number " || :; }

mig_mode() { # 0 or 1
    case $mig_profiles:$1 in :*) printf '[N/A]' ;; *:1) printf Enabled ;; *) printf Disabled ;; esac
}

active_if() { # REASON
    if [ "$throttle" = "$1" ]; then printf Active; else printf 'Not Active'; fi
}

# The bits are those of nvml.h, nvmlClocksEventReason*.
reason() {
    case $1 in
    active | supported)
        case $throttle in
        hw_thermal_slowdown) printf '0x0000000000000048' ;;
        sw_thermal_slowdown) printf '0x0000000000000020' ;;
        hw_power_brake_slowdown) printf '0x0000000000000088' ;;
        sw_power_cap) printf '0x0000000000000004' ;;
        *) printf '0x0000000000000001' ;;
        esac
        ;;
    gpu_idle) active_if '' ;;
    hw_slowdown) case $throttle in hw_*) printf Active ;; *) printf 'Not Active' ;; esac ;;
    hw_thermal_slowdown | hw_power_brake_slowdown | sw_thermal_slowdown | sw_power_cap | \
        applications_clocks_setting | sync_boost)
        active_if "$1"
        ;;
    *) return 1 ;;
    esac
}

app_field() { # FIELD PID
    case $1 in
    pid) printf '%s' "$2" ;;
    process_name | name) process_name "$2" ;;
    used_memory | used_gpu_memory) number_of "$job_memory" MiB ;;
    gpu_name) printf '%s' "$name" ;;
    *) field "$1" ;;
    esac
}

line() { # FUNCTION ARGUMENT...: all the fields, each through that function
    made=
    for each in $(printf '%s' "$fields" | tr ',' ' '); do
        made="$made${made:+, }$("$1" "$each" "${2-}")"
    done
    printf '%s\n' "$made"
}

valid() { # FUNCTION
    number=0
    # shellcheck source=/dev/null
    . "$lab/card/0"
    for each in $(printf '%s' "$fields" | tr ',' ' '); do
        "$1" "$each" 1 >/dev/null ||
            fail 2 "Field \"$each\" is not a valid field to query." ''
    done
}

case $format in csv*) ;; *) fail 2 '"--format=" switch is missing. Use format=csv' ;; esac
if [ "$what" = query_gpu ]; then valid field; else valid app_field; fi
case $format in *noheader*) ;; *) line heading ;; esac
[ "$what" = query_gpu ] || running=$(processes)
for number in $(cards); do
    # shellcheck source=/dev/null
    . "$lab/card/$number"
    if [ "$what" = query_gpu ]; then
        line field
        continue
    fi
    printf '%s\n' "$running" | while read -r on pid; do
        [ "$on" != "$number" ] || line app_field "$pid"
    done
done
