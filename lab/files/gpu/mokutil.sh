#!/bin/sh
# The stand-in for mokutil: says what /lab/gpu/machine says of Secure Boot.
# shellcheck source=/dev/null
. /lab/gpu/machine
: "${efi:=1}" "${secure_boot:=0}" "${key_enrolled:=0}"
case ${1-} in
--sb-state)
    if [ "$efi" = 0 ]; then
        echo 'EFI variables are not supported on this system' >&2
        exit 255
    elif [ "$secure_boot" = 1 ]; then echo 'SecureBoot enabled'; else echo 'SecureBoot disabled'; fi
    ;;
--list-enrolled) [ "$key_enrolled" = 0 ] || echo '[key 1]' ;;
--test-key)
    [ "$key_enrolled" = 1 ] || { echo "$2 is not enrolled" && exit 0; }
    echo "$2 is already enrolled"
    exit 1
    ;;
*) exit 1 ;;
esac
