"""Operations on other definitions of a repository, for tasks that take it out of them."""

from collections.abc import Mapping

from pyinfra import host
from pyinfra.operations import files, server

from rackwright.host.at_hand import at_hand
from rackwright.marks import LEFT, put_in_place


def taken_out(left: Mapping[str, str | None], owner: str) -> None:
    """Files are without a repository of this owner; `left` is what stays of each, None nothing."""
    for path, text in host.loop(left.items()):
        if text is None:
            files.file(name=f"{path} is gone", path=path, present=False)
            continue
        at_hand(name=f"What is left of {path} is at hand", text=text, path=LEFT)
        server.shell(
            name=f"{path} is without {owner} repository",
            commands=[put_in_place(LEFT, path, like=path)],
        )
