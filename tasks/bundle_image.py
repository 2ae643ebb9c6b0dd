"""The image of an offline bundle."""

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.bundle.operations import loaded
from rackwright.marks import BUNDLE
from rackwright.plan import Plan


@deploy("Bundle image")
def bundle_image(plan: Plan) -> None:
    """The image that proves the host is there without a registry; the bundle's files are gone."""
    if plan.bundle_image:
        loaded(name=f"{plan.bundle_image.reference} is loaded", step=plan.bundle_image)
    if plan.bundle or plan.bundle_image:
        server.shell(name="The bundle's files are off the host", commands=[f"rm -rf {BUNDLE}"])
