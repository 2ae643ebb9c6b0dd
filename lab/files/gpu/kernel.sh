#!/bin/sh
# The simulated kernel side of a lab host: boots, loads and unloads modules, and shows in /proc, /sys
# and /dev what the real ones would. Arguments: boot, uptime, load MODULE, unload MODULE.
# modprobe comes here for nvidia and nouveau (/etc/modprobe.d/lab.conf, "install" and "remove").
set -eu
lab=/lab/gpu
real=$(/usr/bin/uname -r)
# shellcheck source=/dev/null
. $lab/machine
: "${nouveau:=0}" "${secure_boot:=0}" "${key_enrolled:=0}" "${open_works:=1}" "${nvswitch:=0}" "${efi:=1}"

bind() { # SOURCE TARGET
    ! mountpoint -q "$2" || umount "$2"
    mount --bind "$1" "$2"
}

# Changes below a mounted overlay may not be seen, so it is mounted anew.
show_modules() {
    ! mountpoint -q /sys/module || umount -l /sys/module
    mount -t overlay -o lowerdir=$lab/kernel/module:/sys/module overlay /sys/module
    [ ! -e /proc/modules ] || {
        ! mountpoint -q /proc/modules || umount /proc/modules
        { cat $lab/kernel/modules && cat /proc/modules; } >$lab/kernel/all-modules
        mount --bind $lab/kernel/all-modules /proc/modules
    }
}

# Debian calls its own nvidia-current.
module_file() {
    found=$(ls "/lib/modules/$(cat $lab/kernel/release)"/updates/dkms/nvidia.ko \
        "/lib/modules/$(cat $lab/kernel/release)"/updates/dkms/nvidia-current.ko 2>/dev/null) || :
    printf '%s' "${found%%
*}"
}

refuse() {
    echo "modprobe: ERROR: could not insert '$1': $2" >&2
    exit 1
}

boot() {
    rm -rf $lab/kernel
    mkdir -p $lab/kernel/module $lab/kernel/mig $lab/mode
    : >$lab/kernel/modules
    cat /proc/sys/kernel/random/uuid >$lab/kernel/boot_id
    bind $lab/kernel/boot_id /proc/sys/kernel/random/boot_id
    echo '0.00 0.00' >$lab/kernel/uptime
    bind $lab/kernel/uptime /proc/uptime
    # As GRUB does: the newest of all kernels.
    newest=$(find /boot -name 'vmlinuz-*' | sed 's|/boot/vmlinuz-||' | sort -V | tail -n 1)
    echo "${newest:-$real}" >$lab/kernel/release
    bind $lab/kernel/release /proc/sys/kernel/osrelease
    bind $lab/pci /sys/bus/pci/devices
    bind $lab/proc /proc/driver
    rm -rf $lab/proc/nvidia
    [ -z "$efi" ] || bind $lab/firmware /sys/firmware
    for pending in "$lab"/mode/*.mig-pending; do
        [ ! -e "$pending" ] || cp "$pending" "${pending%-pending}"
    done
    show_modules
    # udev loads what fits the cards; the initramfs has nouveau, which so comes first.
    modprobe --quiet --use-blacklist nouveau || :
    modprobe --quiet --use-blacklist nvidia || :
    modprobe --quiet --use-blacklist nvidia-uvm || :
}

# Whoever waits for a reboot looks at it; the machine's own does not begin anew.
uptime() {
    exec perl -e 'open my $file, "+<", $ARGV[0] or die; my $boot = time;
        while (1) { sysseek $file, 0, 0; syswrite $file, sprintf "%-23s\n", time - $boot . ".00 0.00"; sleep 1 }' $lab/kernel/uptime
}

load_nouveau() {
    [ "$nouveau" = 1 ] && [ ! -e $lab/kernel/loaded ] || exit 1
    mkdir -p $lab/kernel/module/nouveau
    echo 'nouveau 2400256 1 - Live 0x0000000000000000' >>$lab/kernel/modules
    for card in "$lab"/pci/*; do ln -sfn ../../drivers/nouveau "$card/driver"; done
    show_modules
}

load_nvidia() {
    [ ! -e $lab/kernel/loaded ] || exit 0
    file=$(module_file)
    [ -e "$file" ] || {
        echo "modprobe: FATAL: Module nvidia not found in directory /lib/modules/$(cat $lab/kernel/release)" >&2
        exit 1
    }
    [ "$secure_boot" = 0 ] || [ "$key_enrolled" = 1 ] || refuse nvidia 'Key was rejected by service'
    [ ! -e $lab/kernel/module/nouveau ] && [ -e $lab/card/0 ] || refuse nvidia 'No such device'
    license=$(modinfo -F license "$file")
    [ "$license" = NVIDIA ] || [ "$open_works" = 1 ] || refuse nvidia 'No such device'
    version=$(modinfo -F version "$file")
    mkdir -p $lab/kernel/module/nvidia $lab/proc/nvidia/gpus
    echo "$version" >$lab/kernel/module/nvidia/version
    echo live >$lab/kernel/module/nvidia/initstate
    echo 'nvidia 62832640 0 - Live 0x0000000000000000 (OE)' >>$lab/kernel/modules
    [ "$license" = NVIDIA ] && kind='UNIX x86_64 Kernel Module' || kind='UNIX Open Kernel Module for x86_64'
    printf '%s\n' "NVRM version: NVIDIA $kind  $version  Release Build  (lab@localhost)" 'GCC version:  none: this is a stand-in' \
        >$lab/proc/nvidia/version
    number=0
    while [ -e $lab/card/$number ]; do
        # shellcheck source=/dev/null
        . $lab/card/$number
        : "${bus:?}" "${uuid:?}"
        mkdir -p "$lab/proc/nvidia/gpus/$bus"
        printf '%s \t %s\n' 'Model:' " $name" 'IRQ:  ' ' 42' 'GPU UUID:' " $uuid" 'Bus Type:' ' PCIe' \
            'Bus Location:' " $bus" 'Device Minor:' " $number" >"$lab/proc/nvidia/gpus/$bus/information"
        if [ -e "$lab/pci/$bus" ]; then
            ln -sfn ../../drivers/nvidia "$lab/pci/$bus/driver"
            [ -e /dev/nvidia$number ] || mknod -m 666 /dev/nvidia$number c 1 3
        fi
        number=$((number + 1))
    done
    [ -e /dev/nvidiactl ] || mknod -m 666 /dev/nvidiactl c 1 3
    [ "$nvswitch" = 0 ] || mkdir -p $lab/proc/nvidia-nvswitch/devices/0000:c1:00.0
    show_modules
    # Last: it says that the driver answers.
    echo "$version" >$lab/kernel/loaded
}

load_more() { # MODULE: nvidia-uvm, nvidia-modeset, nvidia-drm
    [ -e $lab/kernel/loaded ] || modprobe nvidia
    name=$(printf '%s' "$1" | tr - _)
    [ ! -e "$lab/kernel/module/$name" ] || exit 0
    mkdir -p "$lab/kernel/module/$name"
    echo "$name 2154496 0 - Live 0x0000000000000000 (OE)" >>$lab/kernel/modules
    [ "$name" != nvidia_uvm ] || [ -e /dev/nvidia-uvm ] || mknod -m 666 /dev/nvidia-uvm c 1 3
    show_modules
}

unload() { # MODULE
    name=$(printf '%s' "$1" | tr - _)
    [ -e "$lab/kernel/module/$name" ] || exit 0
    # The console is nouveau's.
    if [ "$name" = nouveau ] || { [ "$name" = nvidia ] && find /proc/[0-9]*/fd -lname '/dev/nvidia*' 2>/dev/null | grep -q .; }; then
        echo "modprobe: FATAL: Module $name is in use." >&2
        exit 1
    fi
    rm -rf "$lab/kernel/module/$name"
    sed -i "/^$name /d" $lab/kernel/modules
    if [ "$name" = nvidia ]; then
        rm -rf $lab/kernel/loaded $lab/kernel/persistence $lab/kernel/module/nvidia_* $lab/proc/nvidia $lab/proc/nvidia-nvswitch
        sed -i '/^nvidia/d' $lab/kernel/modules
        rm -f /dev/nvidia*
        find $lab/pci -name driver -delete
    fi
    show_modules
}

case $1-${2-} in
boot-*) boot ;;
uptime-*) uptime ;;
load-nouveau) load_nouveau ;;
load-nvidia) load_nvidia ;;
load-*) load_more "$2" ;;
unload-*) unload "$2" ;;
esac
