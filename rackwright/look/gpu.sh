#!/bin/sh
# The GPUs of a host: a part of the probe, for hosts whose settings ask for it. Reads only, and on a
# host without NVIDIA's devices no more than their list.
# Arguments: the URLs of NVIDIA's repositories. Takes holders.sh before it.
# Prints lines "gpu_KEY VALUE"; texts from the host are in base64.
echo 'gpu_asked yes'
found=$(grep -lsx 0x10de /sys/bus/pci/devices/*/vendor) || exit 0
for vendor in $found; do
    folder=${vendor%/*}
    echo "gpu_pci ${folder##*/} $(cat "$folder/class") $(cat "$folder/device")"
done

# Kernels: the one that runs, the one that boots next, and what there is for them.
kernel=$(uname -r)
# shellcheck disable=SC2012 # kernels have no odd names
next=$(ls /boot/vmlinuz-* 2>/dev/null | sort -V | sed -n '$s/.*vmlinuz-//p')
echo "gpu_kernel $kernel"
echo "gpu_next_kernel ${next:-$kernel}"
for each in "$kernel" ${next:+"$next"}; do
    [ ! -e "/lib/modules/$each/build/Makefile" ] || echo "gpu_headers $each"
    # Debian's own module has a name of its own, and modinfo does not know the alias.
    version=$(modinfo -k "$each" -F version nvidia 2>/dev/null ||
        modinfo -k "$each" -F version nvidia-current 2>/dev/null) && echo "gpu_module $each $version"
done
[ ! -r /proc/driver/nvidia/version ] || echo "gpu_loaded $(sed -n 1p /proc/driver/nvidia/version)"
[ ! -d /sys/module/nouveau ] || echo 'gpu_nouveau loaded'
grep -qs '^blacklist nouveau' /etc/modprobe.d/*.conf /usr/lib/modprobe.d/*.conf /lib/modprobe.d/*.conf &&
    echo 'gpu_nouveau_off yes'
sb=$(mokutil --sb-state 2>/dev/null || od -An -tu1 -j4 -N1 \
    /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c 2>/dev/null)
case $sb in *'SecureBoot enabled'* | *' 1')
    echo 'gpu_secure_boot yes'
    # Where DKMS keeps the key that it signs with; Ubuntu's has another place.
    key=/var/lib/dkms/mok.pub
    ! grep -qs '^ID=ubuntu' /etc/os-release || key=/var/lib/shim-signed/mok/MOK.der
    echo "gpu_key $key"
    case $(mokutil --test-key $key 2>/dev/null) in *'already enrolled'*) echo 'gpu_key_enrolled yes' ;; esac
    ;;
esac
# shellcheck disable=SC2016 # the ${...} are dpkg-query's
dpkg-query -W -f='gpu_package ${Package} ${Version} ${db:Status-Abbrev}\n' 'nvidia-*' 'libnvidia-*' \
    libcuda1 'cuda-drivers*' 'linux-modules-nvidia-*' 'linux-image-*' 'linux-headers-*' \
    'linux-generic*' 'linux-server*' 'linux-virtual*' 2>/dev/null | grep -v ' [a-z][nc] *$'

# Sources of NVIDIA's, wherever they stand; the plan picks out which they are.
set -- -e nvidia -e cuda ${1+-e "$1"} ${2+-e "$2"}
grep -lisF "$@" /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources |
    while read -r path; do
        case $path in *[[:space:]]*) ;; *) echo "gpu_source $path $(base64 -w0 "$path")" ;; esac
    done
for path in /etc/apt/keyrings/nvidia-*.asc /etc/apt/preferences.d/rackwright-nvidia; do
    [ ! -f "$path" ] || echo "gpu_file $path $(base64 -w0 "$path")"
done

# nvidia-smi(1). The older name of clocks_event_reasons is one that all drivers know.
smi() { # KEY ARGUMENTS
    key=$1
    shift
    if said=$(timeout 30 nvidia-smi "$@" 2>&1); then
        printf '%s\n' "$said" | sed "/^\$/d; s/^/$key /"
        return
    elif [ $? = 124 ]; then
        said='no answer within 30 s'
    fi
    printf '%s\n' "$said" | sed 's/^/gpu_smi_failed /'
    return 1
}
if command -v nvidia-smi >/dev/null; then
    smi gpu_smi --format=csv,noheader,nounits \
        --query-gpu=index,uuid,pci.bus_id,name,driver_version,persistence_mode,mig.mode.current,mig.mode.pending,memory.total,memory.used,temperature.gpu,ecc.errors.uncorrected.volatile.total,clocks_throttle_reasons.active &&
        smi gpu_app --format=csv,noheader,nounits --query-compute-apps=gpu_uuid,pid,process_name,used_memory &&
        apps=$said && smi gpu_list -L && timeout 30 nvidia-smi | sed -n 's/.*CUDA Version: *\([0-9.]*\).*/gpu_cuda \1/p'
fi
# No answer is not idleness: then whoever has a device open counts, on a GPU that nobody can tell.
if [ -z "${apps+answered}" ] && [ -r /proc/driver/nvidia/version ]; then
    apps=$(holders | sed 's/^/?, /; s/$/, /')
    printf '%s\n' "$apps" | sed '/^$/d; s/^/gpu_app /'
fi
for pid in $(printf '%s\n' "${apps-}" | cut -d , -f 2); do
    case $pid in *[!0-9]* | '') continue ;; esac
    [ -d "/proc/$pid" ] || { echo "gpu_gone $pid" && continue; }
    # A container's processes are in a control group with its ID of 64 digits, of both versions.
    id=$(sed -n 's/.*\([0-9a-f]\{64\}\).*/\1/p' "/proc/$pid/cgroup" 2>/dev/null | sed -n 1p)
    echo "gpu_pid $pid $(stat -c %U "/proc/$pid" 2>/dev/null || echo '?') ${id:--}"
done

for path in /etc/cdi/*.yaml /etc/cdi/*.json /var/run/cdi/*.yaml /var/run/cdi/*.json; do
    grep -qs nvidia.com/gpu "$path" || continue
    echo "gpu_cdi_file $path"
    sed -n 's/^[[:space:]-]*"\{0,1\}name"\{0,1\}: *"\{0,1\}\([^",]*\).*/gpu_cdi_name \1/p' "$path"
    sed -n 's/.*libcuda\.so\.\([0-9][0-9.]*[0-9]\).*/gpu_cdi_driver \1/p' "$path" | sort -u
done
for unit in nvidia-persistenced nvidia-fabricmanager nvidia-cdi-refresh; do
    systemctl show "$unit.service" -p LoadState -p UnitFileState -p ActiveState | tr '\n' ' ' |
        sed "s/^/gpu_unit $unit /; s/\$/\n/"
done
# Only ask a daemon that runs: its socket would start one that was stopped.
if systemctl is-active -q docker.service; then
    # Fields that this daemon does not know would fail a template of their own.
    timeout 10 docker info --format '{{json .}}' </dev/null 2>/dev/null | sed 's/^/gpu_docker /'
    running=$(timeout 10 docker ps --quiet --no-trunc </dev/null)
    # shellcheck disable=SC2086 # they are IDs
    [ -z "$running" ] || timeout 10 docker inspect --format \
        'gpu_container {{.Id}} {{.Name}} {{.HostConfig.Runtime}} {{json .HostConfig.DeviceRequests}}{{range .Config.Env}}{{if eq (index (split . "=") 0) "NVIDIA_VISIBLE_DEVICES"}}{{println}}gpu_visible {{$.Id}} {{json .}}{{end}}{{end}}' \
        $running </dev/null 2>/dev/null
fi
true
