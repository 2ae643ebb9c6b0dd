"""What a host is given from an offline bundle, where its packages come from one."""

from dataclasses import dataclass

from rackwright.steps.engine import EngineStep


@dataclass(frozen=True)
class BundleStep:
    """`folder` is the release's part of the bundle on the laptop; `packages` as apt takes them."""

    folder: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class BundleImageStep:
    """An image that the host loads from a file on the laptop, unless it has it."""

    file: str
    reference: str


def bundle_step(folder: str, engine: EngineStep | None) -> BundleStep | None:
    """What to send before the engine's packages are installed; None when none is."""
    return BundleStep(folder, engine.packages) if engine else None
