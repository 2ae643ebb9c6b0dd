"""Operations on other definitions of a repository, for tasks that take it out of them."""

from collections.abc import Mapping
from io import BytesIO

from pyinfra import host
from pyinfra.operations import files, server

from rackwright.marks import LEFT, put_in_place


def taken_out(left: Mapping[str, str | None], owner: str) -> None:
    """Files are without a repository of this owner; `left` is what stays of each, None nothing."""
    for path, text in host.loop(left.items()):
        if text is None:
            files.file(name=f"{path} is gone", path=path, present=False)
            continue
        files.put(
            name=f"What is left of {path} is at hand",
            src=BytesIO(text.encode(errors="surrogateescape")),
            dest=LEFT,
        )
        server.shell(
            name=f"{path} is without {owner} repository",
            commands=[put_in_place(LEFT, path, like=path)],
        )
