#!/bin/sh
# The stand-in for nvidia-container-runtime: runc, with the hook added to what is to be created.
set -eu
hook=/usr/bin/nvidia-container-runtime-hook
bundle='' creates=0
for word; do
    case ${before-} in --bundle | -b) bundle=$word ;; esac
    case $word in --bundle=*) bundle=${word#*=} ;; create | run) creates=1 ;; esac
    before=$word
done
config=$bundle/config.json
if [ $creates = 1 ] && [ -w "$config" ] && ! grep -q "\"$hook\"" "$config"; then
    entry="{\"path\":\"$hook\",\"args\":[\"nvidia-container-runtime-hook\",\"prestart\"]}"
    if grep -q '"prestart":\[' "$config"; then
        sed -i "s|\"prestart\":\[|&$entry,|" "$config"
    else
        sed -i "s|^{|{\"hooks\":{\"prestart\":[$entry]},|" "$config"
    fi
fi
exec runc "$@"
