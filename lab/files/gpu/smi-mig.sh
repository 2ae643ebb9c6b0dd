# shellcheck shell=sh disable=SC2034,SC2154 # read by smi.sh
# nvidia-smi mig ...: profiles and instances of each card with MIG on. Tables and sentences: NVIDIA's
# MIG user guide, "Creating GPU Instances". A line of kernel/mig/CARD is "INSTANCE ID NAME COMPUTE".
# Placement is not simulated: what counts is seven compute slices and eight memory slices.

profile() { # CARD WANTED: "ID NAME COMPUTE MEMORY MOST" of the profile of that name or number
    for each in $(attribute "$1" mig_profiles); do
        each=$(printf '%s' "$each" | tr : ' ')
        case "$2" in "${each%% *}" | "$(field_of 2 "$each")")
            echo "$each"
            return
            ;;
        esac
    done
    return 1
}

field_of() { # NUMBER WORDS
    at=$1
    # shellcheck disable=SC2086 # into words
    set -- $2
    shift $((at - 1))
    echo "$1"
}

free() { # CARD: "COMPUTE MEMORY" slices that are left
    compute=7 memory=8
    while read -r _ id _; do
        compute=$((compute - $(field_of 3 "$(profile "$1" "$id")")))
        memory=$((memory - $(field_of 4 "$(profile "$1" "$id")")))
    done <"$lab/kernel/mig/$1"
    echo "$compute $memory"
}

create() { # CARD WANTED
    made=$(profile "$1" "$2") || fail 19 "Unable to create a GPU instance on GPU  $1 using profile $2: Invalid Argument" \
        'Failed to create GPU instances: Invalid Argument'
    # shellcheck disable=SC2046,SC2086 # into words
    set -- "$1" $made $(free "$1")
    if [ "$4" -gt "$7" ] || [ "$5" -gt "$8" ]; then
        fail 19 "Unable to create a GPU instance on GPU  $1 using profile $2: Insufficient Resources" \
            'Failed to create GPU instances: Insufficient Resources'
    fi
    instance=1
    while grep -q "^$instance " "$lab/kernel/mig/$1"; do instance=$((instance + 1)); done
    printf 'Successfully created GPU instance ID %2d on GPU %2d using profile MIG %s (ID %2d)\n' $instance "$1" "$3" "$2"
    echo "$instance $2 $3 -" >>"$lab/kernel/mig/$1"
}

compute_instances() { # CARD: one for each instance that has none
    while read -r instance id name compute; do
        [ "$compute" = - ] || continue
        printf 'Successfully created compute instance ID  0 on GPU %2d GPU instance ID %2d using profile MIG %s (ID %2d)\n' \
            "$1" "$instance" "$name" "$id"
    done <"$lab/kernel/mig/$1"
    sed -i 's/ -$/ 0/' "$lab/kernel/mig/$1"
}

destroy() { # CARD KIND
    if processes | grep -q "^$1 "; then
        fail 19 "Unable to destroy $2 instance ID  0 from GPU $(printf %2d "$1"): In use by another client" \
            "Failed to destroy $2 instances: In use by another client"
    fi
    while read -r instance _ _ compute; do
        if [ "$2" = GPU ] && [ "$compute" != - ]; then
            fail 19 "Unable to destroy GPU instance ID $(printf %2d "$instance") from GPU $(printf %2d "$1"): In use by another client" \
                'Failed to destroy GPU instances: In use by another client'
        fi
        [ "$2" = GPU ] && printf 'Successfully destroyed GPU instance ID %2d from GPU %2d\n' "$instance" "$1" ||
            printf 'Successfully destroyed compute instance ID  0 from GPU %2d GPU instance ID %2d\n' "$1" "$instance"
    done <"$lab/kernel/mig/$1"
    if [ "$2" = GPU ]; then : >"$lab/kernel/mig/$1"; else sed -i 's/ 0$/ -/' "$lab/kernel/mig/$1"; fi
}

list_profiles() { # CARD
    # shellcheck disable=SC2046 # into words
    set -- "$1" $(free "$1")
    for each in $(attribute "$1" mig_profiles); do
        # shellcheck disable=SC2046 # into words
        set -- "$1" "$2" "$3" $(printf '%s' "$each" | tr : ' ')
        left=$(($2 / $6)) most=$8
        [ $(($3 / $7)) -ge $left ] || left=$(($3 / $7))
        [ $left -le "$most" ] || left=$most
        gib=${5#*.} gib=${gib%gb}
        printf '|  %2d  MIG %-14s%2d     %d/%d        %-11sNo     %2d     0     0   |\n' \
            "$1" "$5" "$4" "$left" "$most" "$gib.00" $(($6 * 14))
        printf '|%60s %d     0     0   |\n+%s+\n' '' "$6" "$(dashes 77)"
    done
}

list_instances() { # CARD KIND
    while read -r instance id name compute; do
        [ "$2" = GPU ] || [ "$compute" != - ] || continue
        printf '|  %2d  MIG %-14s  %2d       %2d          %d:%d     |\n+%s+\n' "$1" "$name" "$id" "$instance" \
            $((instance - 1)) "$(field_of 4 "$(profile "$1" "$id")")" "$(dashes 55)"
    done <"$lab/kernel/mig/$1"
}

dashes() { printf "%${1}s" '' | tr ' ' -; }

asked='' list='' compute_too=0
while [ $# -gt 0 ]; do
    case $1 in
    -i | --id) only=$2 && shift ;;
    -lgip | --list-gpu-instance-profiles) asked=profiles ;;
    -lgi | --list-gpu-instances) asked=instances ;;
    -lci | --list-compute-instances) asked=computes ;;
    -cgi | --create-gpu-instance) asked=create list=$2 && shift ;;
    -cci | --create-compute-instance) asked=compute ;;
    -C | --default-compute-instance) compute_too=1 ;;
    -dci | --destroy-compute-instance) asked=destroy_compute ;;
    -dgi | --destroy-gpu-instance) asked=destroy_gpu ;;
    *) fail 2 "Option \"$1\" is not recognized." '' ;;
    esac
    shift
done
driver_answers
on=
for number in $(cards); do [ "$(say "$lab/mode/$number.mig")" != 1 ] || on="$on $number"; done
[ -n "$on" ] || fail 6 'No MIG-enabled devices found.'
case $asked in
profiles | instances | computes) ;;
*) [ "$(id -u)" = 0 ] || fail 4 "Unable to ${asked%_*} instances: Insufficient Permissions" ;;
esac
found=0
for number in $on; do
    [ -e "$lab/kernel/mig/$number" ] || : >"$lab/kernel/mig/$number"
    [ ! -s "$lab/kernel/mig/$number" ] || found=1
done
case $asked in
instances | destroy_gpu) [ $found = 1 ] || fail 6 'No GPU instances found: Not Found' ;;
computes | destroy_compute) [ $found = 1 ] || fail 6 'No compute instances found: Not Found' ;;
esac
case $asked in
profiles)
    printf '%s\n' "+$(dashes 77)+" '| GPU instance profiles:                                                      |' \
        '| GPU   Name             ID    Instances   Memory     P2P    SM    DEC   ENC  |' \
        '|                              Free/Total   GiB              CE    JPEG  OFA  |' \
        '|=============================================================================|'
    ;;
instances)
    printf '%s\n' "+$(dashes 55)+" '| GPU instances:                                        |' \
        '| GPU   Name             Profile  Instance   Placement  |' \
        '|                          ID       ID       Start:Size |' \
        '|=======================================================|'
    ;;
computes) echo "+--- compute instances, not in the real tool's form ---+" ;;
esac
for number in $on; do
    case $asked in
    profiles) list_profiles "$number" ;;
    instances) list_instances "$number" GPU ;;
    computes) list_instances "$number" compute ;;
    create)
        for each in $(printf '%s' "$list" | tr , ' '); do create "$number" "$each"; done
        [ $compute_too = 0 ] || compute_instances "$number"
        ;;
    compute) compute_instances "$number" ;;
    destroy_compute) destroy "$number" compute ;;
    destroy_gpu) destroy "$number" GPU ;;
    esac
done
exit
