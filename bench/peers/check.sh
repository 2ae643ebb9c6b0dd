#!/bin/sh
# The floor of "nothing to change": all that makes a host a Docker host, checked in one command.
# Ends with 0 when all of it is right, else with 1 and a line for everything that is not.
# Arguments: repository URL, SHA-256 of its key, registry mirror, users.
repo_url=$1 key=$2 mirror=$3
shift 3
# shellcheck source=/dev/null
. /etc/os-release
source=/etc/apt/sources.list.d/docker.sources
code=0

wrong() {
    echo "wrong: $*"
    code=1
}

line() { # TEXT: a line that the definition of the repository must have
    grep -qxF "$1" "$source" || wrong "$source: no line '$1'"
}

# shellcheck disable=SC2016 # the ${...} are dpkg-query's
packages=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\n' \
    docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin 2>&1)
# Installed, and on hold.
[ "$(printf '%s\n' "$packages" | grep -c '^hi ')" = 5 ] || wrong "packages: $packages"

line 'Types: deb'
line "URIs: $repo_url/$ID"
line "Suites: $VERSION_CODENAME"
line 'Components: stable'
line "Architectures: $(dpkg --print-architecture)"
line 'Signed-By: /etc/apt/keyrings/docker.asc'
[ "$(grep -lsF "$repo_url" /etc/apt/sources.list /etc/apt/sources.list.d/*)" = "$source" ] ||
    wrong 'the repository is defined in another file too'
echo "$key  /etc/apt/keyrings/docker.asc" | sha256sum --check --status || wrong 'the key'

logs='"live-restore":true,"log-opts":{"max-size":"10m","max-file":"3"}'
[ "$(tr -d ' \n' </etc/docker/daemon.json)" = "{$logs,\"registry-mirrors\":[\"$mirror\"]}" ] ||
    wrong 'daemon.json'
systemctl is-active --quiet docker.service || wrong 'docker.service does not run'
systemctl is-enabled --quiet docker.service || wrong 'docker.service is not enabled'

running=$(docker info --format '{{.ServerVersion}} {{json .RegistryConfig.Mirrors}}')
[ "${running#* }" = "[\"$mirror/\"]" ] || wrong "mirrors in force: ${running#* }"
version=${running%% *}
case $packages in
*" docker-ce 5:${version%%+*}-"*) ;;
*) wrong "version $version runs, another one is installed" ;;
esac

members=$(getent group docker)
for user in "$@"; do
    case ",${members##*:}," in
    *",$user,"*) ;;
    *) wrong "$user is not in group docker" ;;
    esac
done
exit "$code"
