"""Keys and repositories, tried out by the host's own apt before they are put in place."""

import shlex
from io import StringIO
from pathlib import PurePosixPath

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.host.at_hand import at_hand
from rackwright.laptop.openpgp import key_of
from rackwright.marks import LEFT, STAGING, TRIAL_KEY, put_in_place, try_out
from rackwright.packages.patience import apt_shell
from rackwright.packages.source_operations import taken_out
from rackwright.plan import Plan


@deploy("Repository")
def repository(plan: Plan) -> None:
    """One definition of each repository, signed by the wanted key, and no other."""
    for step in host.loop(plan.repositories):
        owner, source, keyring = step.wanted.owner, step.wanted.source, step.wanted.keyring
        files.put(
            name=f"{owner} key is at hand",
            src=StringIO(key_of(step.wanted)),
            dest=TRIAL_KEY,
            mode="0644",
            create_remote_dir=False,
        )
        files.put(
            name="The new definition of the repository is at hand",
            src=StringIO(step.definition.replace(keyring, TRIAL_KEY)),
            dest=STAGING,
            mode="0644",
            create_remote_dir=False,
        )
        apt_shell(
            name="The repository answers with the right signature",
            seconds=plan.apt_timeout,
            commands=[try_out(STAGING)],
            otherwise=f"echo {shlex.quote(step.advice)} >&2; false",
        )
        # Only now: the host's own definition goes on working with the key that it has.
        server.shell(
            name=f"{owner} key is in {keyring}",
            commands=[
                f"mkdir -p {PurePosixPath(keyring).parent}",
                put_in_place(TRIAL_KEY, keyring, like=TRIAL_KEY),
            ],
        )
        taken_out(step.others, owner)
        if step.rest:
            at_hand(name=f"What else stands in {source} is at hand", text=step.rest, path=LEFT)
        rest = f"chmod 0600 {STAGING}; printf '\\n\\n' | cat - {LEFT} >> {STAGING}; rm {LEFT}"
        server.shell(
            name=f"{PurePosixPath(source).name} is the only definition of {owner} repository",
            commands=[
                f"sed -i 's|{TRIAL_KEY}|{keyring}|' {STAGING}",
                *([rest] if step.rest else []),
                put_in_place(STAGING, source, like=source if step.rest else STAGING),
            ],
        )
        for path in host.loop(step.distrusted):
            files.file(name=f"{path} is gone", path=path, present=False)
