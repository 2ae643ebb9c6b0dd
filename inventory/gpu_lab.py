"""A small GPU lab, whole: one host keeps images and packages for all, two train.

    REGISTRY_PASSWORD=... .venv/bin/pyinfra inventory/gpu_lab.py deploy.py

Copy it, and put your own hosts, users and addresses in. tests/lab/test_gpu_lab.py runs this very
file on practice hosts; what each setting means stands in README.md.
"""

REGISTRY = "registry.example.org:5008"

everywhere = (
    ["cache-1", "gpu-1", "gpu-2"],
    {
        # Where everything comes from.
        "cache_host": "cache-1",
        "docker_registry_mirrors": ["https://mirror.example.org"],
        "docker_registry_logins": {
            REGISTRY: {"username": "ci", "password_env": "REGISTRY_PASSWORD", "users": ["root"]},
        },
        "apt_mirror": "http://archive.example.org/debian",
        "pip_index_url": "https://pip.example.org/simple",
        # Who uses it, and what runs on every host.
        "docker_users": ["alice"],
        "docker_networks": {"lab": {"subnet": "10.99.0.0/24"}},
        "docker_compose": {
            "monitor": {"template": "inventory/gpu_lab/monitor.yaml.j2", "vars": {"seconds": 30}},
        },
        "docker_prune": {"dangling": True, "unused": True, "older_than": "240h"},
    },
)

gpu = (
    ["gpu-1", "gpu-2"],
    {
        # On hosts without a GPU, such as practice hosts, these mean nothing.
        "gpu_driver": "570-server",
        "gpu_toolkit_version": "latest",
        "gpu_busy": "skip",
        "docker_images": [
            "debian:13",
            {"name": f"{REGISTRY}/library/ubuntu:24.04", "tags": ["lab/base:stable"]},
        ],
        "docker_builds": {
            "lab/training:1": {
                "template": "templates/training.Dockerfile.j2",
                "vars": {
                    "base": "nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04",
                    "apt_packages": ["tini"],
                    "user": "ada",
                },
            },
        },
        "docker_volumes": {"datasets": {}, "results": {}},
        "docker_containers": {
            "queue": {
                "image": "debian:13",
                "command": ["sh", "-c", "while true; do ls /results; sleep 60; done"],
                "networks": ["lab"],
                "volumes": ["results:/results:ro"],
                "healthcheck": {"command": "ls /results", "interval": "5s"},
            },
            "training": {
                "image": "lab/training:1",
                "gpus": "all",
                "shm_size": "8g",
                "ulimits": {"memlock": -1},
                "networks": ["lab"],
                "volumes": ["datasets:/datasets:ro", "results:/results"],
                "state": "stopped",
            },
        },
    },
)
