# shellcheck shell=sh disable=SC2154 # read by smi.sh
# nvidia-smi -pm, -mig and --gpu-reset. Sentences: NVIDIA's MIG user guide, "Enable MIG Mode", and
# users' reports of a refused reset.
[ "$(id -u)" = 0 ] || fail 4 'Insufficient Permissions'
case $value in 0 | DISABLED) new=0 word=disable past=Disabled ;; *) new=1 word=enable past=Enabled ;; esac
for number in $(cards); do
    bus=$(attribute "$number" bus_id)
    if [ "$what" = reset ]; then
        ! processes | grep -q "^$number " || fail 255 'The following GPUs could not be reset:' \
            "  GPU $bus: In use by another client" '' \
            '1 device is currently being used by one or more other processes (e.g., Fabric Manager, CUDA application, graphics application such as an X server, or a monitoring application such as another instance of nvidia-smi). Please first kill all processes using this device and all compute applications running in the system.'
        [ ! -e "$lab/mode/$number.mig-pending" ] || cp "$lab/mode/$number.mig-pending" "$lab/mode/$number.mig"
        : >"$lab/kernel/mig/$number"
        echo "GPU $bus was successfully reset."
        continue
    fi
    if [ "$what" = persistence ]; then
        rm -f "$lab/kernel/persistence"
        [ $new = 0 ] || : >"$lab/kernel/persistence"
        echo "$past persistence mode for GPU $bus."
        continue
    fi
    if [ -z "$(attribute "$number" mig_profiles)" ]; then
        echo "Unable to $word MIG Mode for GPU $bus: Not Supported"
        echo 'Treating as warning and moving on.'
        continue
    fi
    if [ $new = 0 ] && [ -s "$lab/kernel/mig/$number" ]; then
        fail 19 "Unable to disable MIG Mode for GPU $bus: In use by another client"
    fi
    echo $new >"$lab/mode/$number.mig-pending"
    if processes | grep -q "^$number "; then
        printf '%s\n' "Warning: MIG mode is in pending $word state for GPU $bus:In use by another client" \
            "$bus is currently being used by one or more other processes (e.g. CUDA application or a monitoring application such as another instance of nvidia-smi). Please first kill all processes using the device and retry the command or reboot the system to make MIG mode effective."
        continue
    fi
    echo $new >"$lab/mode/$number.mig"
    echo "$past MIG Mode for GPU $bus"
done
echo 'All done.'
