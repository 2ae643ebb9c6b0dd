"""What commands take that let each host go at its own pace. Imports nothing but typer."""

from typing import Annotated, Final

import typer

from rackwright.commands.arguments import pairs

PARALLEL: Final = 50  # hosts at a time; cryptography keeps a laptop's core busy from there on

Data = Annotated[
    list[str],
    typer.Option(
        metavar="KEY=VALUE", callback=pairs, help="A setting that goes before the inventory's."
    ),
]
Parallel = Annotated[int, typer.Option(min=1, help="So many hosts at a time.")]
HostTimeout = Annotated[
    int | None, typer.Option(min=1, metavar="SECONDS", help="Instead of the host_timeout of hosts.")
]
Json = Annotated[
    bool, typer.Option("--json", help="The record of the run on standard output, for machines.")
]
Silence = Annotated[
    int | None, typer.Option(min=4, metavar="SECONDS", help="Instead of the host_silence of hosts.")
]
