#!/bin/sh
# What runs in Docker: a part of the probe, for hosts whose settings ask for it. Reads only.
# Prints lines "compose_KEY VALUE" and "docker_KEY VALUE"; the values are JSON.
echo 'workload_asked yes'
for folder in /var/lib/rackwright/compose/*/; do
    [ -d "$folder" ] || continue
    project=$(basename "$folder")
    echo "compose_project $project"
    # shellcheck disable=SC2002 # nothing is said where it is not there
    cat "$folder/applied" 2>/dev/null | sed "s/^/compose_applied $project /"
    sed "s/^/compose_needs $project /" "$folder/containers" 2>/dev/null
    sha256sum <"$folder/compose.yaml" 2>/dev/null | sed "s/^\([0-9a-f]*\).*/compose_file $project \1/"
done
# Only ask a daemon that runs: its socket would start one that was stopped.
if systemctl is-active -q docker.service && timeout 10 docker ps --all --no-trunc --format \
    'docker_container {"names":{{json .Names}},"state":{{json .State}},"status":{{json .Status}},"mounts":{{json .Mounts}},"networks":{{json .Networks}},"ours":{{json (.Label "rackwright.container")}},"spec":{{json (.Label "rackwright.spec")}},"secrets":{{json (.Label "rackwright.secrets")}},"project":{{json (.Label "com.docker.compose.project")}},"file":{{json (.Label "com.docker.compose.project.config_files")}}}' \
    </dev/null; then
    echo 'docker_answers yes'
    # docker ps shows an image by its ID where the name that a container was made from has moved,
    # and also where it is gone.
    timeout 10 docker ps --all --no-trunc --filter label=rackwright.container \
        --format '{{.ID}} {{.Names}} {{.Image}}' </dev/null | while read -r id name image; do
        case $image in sha256:*) ;; *) continue ;; esac
        reference=$(timeout 10 docker inspect --format '{{.Config.Image}}' "$id" </dev/null)
        ! timeout 10 docker image inspect "$reference" </dev/null >/dev/null 2>&1 || echo "docker_moved $name"
    done
    # shellcheck disable=SC2046 # they are IDs
    timeout 10 docker network inspect --format \
        'docker_network {"name":{{json .Name}},"driver":{{json .Driver}},"internal":{{json .Internal}},"ipam":{{json .IPAM.Config}},"labels":{{json .Labels}}}' \
        $(docker network ls --quiet </dev/null) </dev/null
    # Volumes without a name of somebody's have 64 digits.
    volumes=$(docker volume ls --quiet </dev/null | grep -Evx '[0-9a-f]{64}')
    # shellcheck disable=SC2086 # Docker lets no blank into their names
    [ -z "$volumes" ] || timeout 10 docker volume inspect --format \
        'docker_volume {"name":{{json .Name}},"driver":{{json .Driver}},"options":{{json .Options}},"labels":{{json .Labels}}}' \
        $volumes </dev/null
fi
