#!/bin/sh
# What apt would take off together with some packages, because it depends on them; apt only says so.
# Arguments: the names of the packages, installed or not. Prints lines "dependent NAME".
export LC_ALL=C
# shellcheck disable=SC2016 # the ${...} are dpkg-query's
going=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null |
    awk '$1 ~ /^.i/ { print $2 }' | paste -sd ' ')
[ -n "$going" ] || exit 0
# shellcheck disable=SC2086 # names are words
apt-get -s -f remove $going 2>/dev/null | awk -v going=" $going " '
    $1 == "Remv" && !index(going, " " $2 " ") { print "dependent", $2 }'
