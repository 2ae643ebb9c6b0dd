"""The fleet's cache on the host that is to be it, and then the way of every host's apt to it."""

from io import StringIO

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.marks import APT_PROXY
from rackwright.packages.patience import apt_packages, apt_shell
from rackwright.plan import Plan


@deploy("Cache")
def cache(plan: Plan) -> None:
    """The registry and the cache of packages run, and apt asks them first; its sources stay."""
    if step := plan.cache:
        # In place before the packages are unpacked, so that these start as wanted at once.
        for path, text in host.loop(step.files.items()):
            files.put(name=f"{path} is written", src=StringIO(text), dest=path, mode="0644")
        if step.packages:
            apt_shell(
                name="The package lists are new",
                seconds=plan.apt_timeout,
                commands=["apt-get update -q"],
            )
            apt_packages(
                name=f"{' and '.join(step.packages)} are installed",
                seconds=plan.apt_timeout,
                packages=step.packages,
                no_recommends=True,
            )
        services = " ".join(step.services)
        if services:
            server.shell(
                name=f"{services} run as configured",
                commands=[
                    f"systemctl daemon-reload && systemctl enable -q {services}"
                    f" && systemctl restart {services}"
                ],
            )
        for port in host.loop(step.ports):
            answers = f"until (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.2; done"
            server.shell(
                name=f"The cache answers on port {port}",
                commands=[
                    f"timeout 30 bash -c '{answers}' || {{ journalctl --no-pager -n 5 -o cat"
                    " -u docker-registry -u apt-cacher-ng >&2; false; }"
                ],
            )
    for path, text in host.loop(plan.apt_cache.files.items() if plan.apt_cache else ()):
        mode = "0755" if path == APT_PROXY else "0644"
        files.put(name=f"{path} is written", src=StringIO(text), dest=path, mode=mode)
