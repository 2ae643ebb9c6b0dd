"""A small GPU lab on Ubuntu 24.04, whole: one host keeps images and packages for all, two train.

    export REGISTRY_PASSWORD=... PAGE_PASSWORD=... LAB_SAVED=/srv/saved
    pyinfra inventory/gpu_lab.py deploy.py

Copy it, and put your own hosts, users and addresses in. tests/lab/test_gpu_lab.py runs this very
file on practice hosts.
"""

import os

REGISTRY = "registry.example.org:5008"
PAPER = "papers/2026@sha256:de2424ad74e1677615a2cb0142d4c94a42230ed5507bb80a0e05a896120fa7c6"
# The folder of this machine with what `docker save` wrote.
SAVED = os.environ.get("LAB_SAVED", "saved")

everywhere = (
    # `rackwright rollout --spread rack` never changes two hosts of a rack at once.
    ["cache-1", ("gpu-1", {"rack": "a"}), ("gpu-2", {"rack": "b"})],
    {
        # Where everything comes from: from the cache first, which asks these.
        "cache_host": "cache-1",
        # It is on http, which BuildKit has to be told.
        "docker_insecure_registries": ["cache-1:5000"],
        "docker_registry_mirrors": ["https://mirror.example.org"],
        "apt_mirror": "http://archive.example.org/ubuntu",
        "pip_index_url": "https://pip.example.org/simple",
        # The lab's own registry; the password is in no file.
        "docker_registry_logins": {
            REGISTRY: {"username": "ci", "password_env": "REGISTRY_PASSWORD"},
        },
        # Who uses Docker, and what runs on every host.
        "docker_users": ["alice"],
        "docker_compose": {
            "monitor": {"template": "inventory/gpu_lab/monitor.yaml.j2", "vars": {"seconds": 30}},
        },
        # In every run: tags that moved are pulled anew, and what nobody needs goes.
        "docker_image_refresh": True,
        "docker_prune": {"dangling": True, "unused": True, "older_than": "240h"},
    },
)

cache = (
    ["cache-1"],
    {
        # A page for visitors: built from a folder of this machine, pushed, and run.
        "docker_builds": {
            f"{REGISTRY}/lab/page:1": {
                "context": "inventory/gpu_lab/page",
                "args": {"TITLE": "Our GPU lab"},
                "push": True,
            },
        },
        "docker_containers": {
            "page": {
                "image": f"{REGISTRY}/lab/page:1",
                "ports": ["8000:80"],
                "env": {"LANG": "C.UTF-8"},
                "secrets": {"PAGE_PASSWORD": {"env": "PAGE_PASSWORD"}},
                "restart": "always",
                "labels": {"org.example.owner": "alice"},
                "healthcheck": {"command": "busybox wget -qO- http://localhost/", "interval": "5s"},
            },
        },
    },
)

gpu = (
    ["gpu-1", "gpu-2"],
    {
        # Ubuntu's own driver for servers. Where a job runs on the GPUs, nothing is changed.
        "gpu_driver": "570-server",
        "gpu_toolkit_version": "latest",
        "gpu_count": 2,
        "gpu_allow_reboot": True,
        "gpu_busy": "skip",
        "docker_images": [
            "debian:13",
            # From the lab's registry, under a name of its own too.
            {"name": f"{REGISTRY}/library/ubuntu:24.04", "tags": ["lab/base:stable"]},
            # What a paper was computed with: by digest, the same for ever.
            f"{REGISTRY}/{PAPER}",
            # From a file; and one whose time is over.
            {"name": "lab/labels:2", "file": f"{SAVED}/labels.tar"},
            {"name": "lab/labels:1", "state": "absent"},
        ],
        "docker_builds": {
            "lab/eval:1": {"context": "http://git.example.org:8092/git/app.git#main:docker"},
            "lab/training:1": {
                "template": "templates/training.Dockerfile.j2",
                "vars": {
                    "base": "nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04",
                    "apt_packages": ["tini"],
                    "user": "ada",
                },
            },
        },
        "docker_networks": {"jobs": {"subnet": "10.99.0.0/24"}},
        # Volumes go only with `"state": "absent", "delete": True`.
        "docker_volumes": {"datasets": {}, "results": {}},
        "docker_containers": {
            "queue": {
                "image": "debian:13",
                "command": ["sh", "-c", "while true; do ls /results; sleep 60; done"],
                "networks": ["jobs"],
                "volumes": ["results:/results:ro"],
            },
            # Made ready, and begun by hand: rackwright start inventory/gpu_lab.py training
            "training": {
                "image": "lab/training:1",
                "command": ["nvidia-smi", "-L"],
                "gpus": "all",
                "shm_size": "8g",
                "ulimits": {"memlock": -1},
                "networks": ["jobs"],
                "volumes": ["datasets:/datasets:ro", "results:/results"],
                "restart": "no",
                "state": "stopped",
            },
        },
    },
)
