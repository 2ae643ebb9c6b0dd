"""The distribution's own apt sources: a mirror in them, tried out before, and the way back."""

import shlex
from io import StringIO

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.host.at_hand import at_hand
from rackwright.marks import APT_MIRROR, KEPT, NEW, keep, put_in_place, try_out
from rackwright.packages.patience import apt_shell
from rackwright.plan import Plan

TRIAL = f"{NEW}/trial"
REFRESH = (
    "apt-get update -q -o Acquire::Retries=0"
    " -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20"
)
ADVICE = (
    "this host's apt cannot use the mirror; apt's reason stands above. The sources are as they "
    "were: choose another apt_mirror, or take it out"
)


@deploy("Sources")
def sources(plan: Plan) -> None:
    """Packages come from the wanted mirror, or again from where they came before."""
    step = plan.sources
    if step is None:
        return
    server.shell(name="There is room for new texts", commands=[f"rm -rf {NEW}"])
    for name, text in host.loop(step.trial.items()):
        at_hand(
            name=f"A part of the sources is at hand for a trial ({name})",
            text=text,
            path=f"{TRIAL}/{name}",
        )
    if step.trial:
        apt_shell(
            name="The mirror has the right signatures and every package list",
            seconds=plan.apt_timeout,
            commands=[try_out(source_parts=TRIAL)],
            otherwise=f"rm -rf {NEW}; echo {shlex.quote(ADVICE)} >&2; false",
        )
    if step.keeps:
        server.shell(
            name=f"The sources as they are now are kept in {KEPT}",
            commands=[keep(path) for path in step.keeps],
        )
    if step.memory is not None:
        files.put(
            name="The host remembers its mirror",
            src=StringIO(step.memory),
            dest=APT_MIRROR,
            mode="0644",
        )
    for path, text in host.loop(step.files.items()):
        at_hand(name=f"The new text of {path} is at hand", text=text, path=NEW + path)
        like = KEPT + path if path in step.restored else path
        server.shell(
            name=f"{path} has its new text", commands=[put_in_place(NEW + path, path, like=like)]
        )
    if step.memory is None:
        server.shell(
            name="The host forgets its mirror",
            commands=[f"rm -rf {KEPT}/etc/apt {APT_MIRROR}"],
        )
        # Where the sources from before are dead, they are so again: no reason to fail.
        apt_shell(
            name="apt reads the sources from before",
            seconds=plan.apt_timeout,
            commands=[REFRESH],
            otherwise="true",
        )
    server.shell(name="What was at hand is gone", commands=[f"rm -rf {NEW}"])
