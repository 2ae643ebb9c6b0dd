#!/bin/sh
# What a host has that could be removed: JSON, a line each. Run as root.
# docker/api.sh stands before it. $1: "cache" when the build cache is asked for. Further words: names of images to look up.
set -eu
cache=$1
shift

# The first call fails when there is no engine, and ends the script with its words. What goes away
# between a list and the look at it is not there any more: that is no failure.
containers=$(docker ps --all --quiet --no-trunc)

printf '{"kind": "now", "seconds": %s}\n' "$(date +%s)"

# each KIND-OF-INSPECT TEMPLATE: the names or IDs on standard input, a line of JSON each
each() {
    sort -u | xargs -r docker "$1" inspect --format "$2" 2>/dev/null || true
}

echo "$containers" | each container \
    '{"kind": "container", "id": {{json .Id}}, "name": {{json .Name}}, "image": {{json .Image}}, "created": {{json .Created}}, "status": {{json .State.Status}}}'

docker images --all --quiet --no-trunc | each image \
    '{"kind": "image", "id": {{json .Id}}, "tags": {{json .RepoTags}}, "digests": {{json .RepoDigests}}, "size": {{json .Size}}, "created": {{json .Created}}}'

docker images --quiet --no-trunc | sort -u | sed 's/.*/{"kind": "top", "id": "&"}/'
docker images --quiet --no-trunc --filter dangling=true |
    sort -u | sed 's/.*/{"kind": "dangling", "id": "&"}/'

# A swarm's own networks are not of one host alone.
docker network ls --quiet --no-trunc --filter dangling=true --filter type=custom \
    --filter scope=local | each network \
    '{"kind": "network", "id": {{json .Id}}, "name": {{json .Name}}, "created": {{json .Created}}}'

docker volume ls --quiet --filter dangling=true | each volume \
    '{"kind": "volume", "name": {{json .Name}}, "created": {{json .CreatedAt}}}'

if [ "$cache" = cache ]; then
    # `docker system df` would go through all files of every volume, too. From Engine 23 on, this asks
    # for the cache alone (Docker Engine API 1.42).
    found=$(api '/system/df?type=build-cache')
    [ -z "$found" ] || printf '{"kind": "cache", "found": %s}\n' "$found"
fi

# Which image a name means, Docker itself knows best.
number=0
for name; do
    docker image inspect --format "{\"kind\": \"named\", \"number\": $number, \"id\": {{json .Id}}}" \
        -- "$name" 2>/dev/null || true
    number=$((number + 1))
done
