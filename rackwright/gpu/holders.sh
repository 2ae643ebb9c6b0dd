#!/bin/sh
# Who has NVIDIA's devices open: what is left to ask where nvidia-smi gives no answer.
# A function for other scripts.

holders() { # lines "PID, NAME", without those that only watch the GPUs
    find /proc/[0-9]*/fd -lname '/dev/nvidia*' 2>/dev/null | cut -d / -f 3 | sort -un |
        while read -r pid; do
            { IFS= read -r name <"/proc/$pid/comm"; } 2>/dev/null || continue
            # The kernel cuts a name after 15 letters.
            case $name in
            nvidia-persiste | nv-fabricmanage | nv-hostengine | dcgm-exporter | nvidia-smi) ;;
            *) echo "$pid, $name" ;;
            esac
        done
}
