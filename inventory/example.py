"""Copy this file, put your own servers into it, and run: pyinfra inventory/yours.py deploy.py

Names of settings and their meaning: docs/settings.md.
"""

docker_hosts = (
    [
        "server-1.example.org",
        ("server-2", {"ssh_hostname": "192.0.2.12", "ssh_user": "admin"}),
    ],
    {
        "docker_version": "latest",
        "docker_registry_mirrors": ["https://mirror.example.org"],
        "docker_users": ["alice"],
    },
)
