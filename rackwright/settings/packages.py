"""Where Docker's packages come from, and which of them a host gets."""

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from rackwright.settings.section import Section
from rackwright.settings.values import DebianVersion, Fingerprint, HttpUrl, LocalFolder, Version

DOCKER_REPO_URL: Final = "https://download.docker.com/linux"
DOCKER_KEY_FINGERPRINT: Final = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"

DOCKER_PACKAGES: Final = (
    "docker-ce",
    "docker-ce-cli",
    "docker-ce-rootless-extras",
    "containerd.io",
    "docker-buildx-plugin",
    "docker-compose-plugin",
    "docker-model-plugin",
)


def _package(name: str) -> str:
    if name not in DOCKER_PACKAGES:
        raise ValueError(f"is none of {', '.join(DOCKER_PACKAGES)}")
    return name


Package = Annotated[str, AfterValidator(_package)]


class PackageSettings(Section):
    """Versions, the repository and its key."""

    docker_version: Version = Field(
        "latest",
        description="`latest`, a version (`26.1`, `26.1.5`) or a full Debian version. "
        "`latest` installs the newest and leaves an installed one alone.",
    )
    docker_package_versions: dict[Package, DebianVersion] = Field(
        {},
        description="Exact Debian versions of single packages, such as "
        '`{"containerd.io": "1.7.24-1"}`; they go before `docker_version`.',
    )
    docker_upgrade: bool = Field(
        False,
        description="Whether a deploy brings all packages to the newest versions that "
        "`docker_version` allows; every run then asks the repository.",
    )
    docker_allow_downgrade: bool = Field(
        False, description="Whether the engine may be replaced by an older one."
    )
    docker_hold: bool = Field(
        True,
        description="Keep Docker's packages from unattended upgrades (`apt-mark hold`); "
        "Rackwright's own upgrades are not held up.",
    )
    docker_apt_timeout: int = Field(
        300, ge=0, description="Seconds to wait for whoever else uses apt or dpkg on the host."
    )
    docker_source: Literal["repository", "bundle"] = Field(
        "repository",
        description="Where packages come from: Docker's repository, or an offline bundle.",
    )
    docker_bundle: LocalFolder | None = Field(
        None, description="The folder on your machine that `rackwright bundle` made."
    )
    docker_channel: Literal["stable", "test"] = Field(
        "stable", description="Channel of Docker's repository."
    )
    docker_repo_url: HttpUrl = Field(
        DOCKER_REPO_URL,
        description="Docker's package repository or a mirror of it, up to `linux`.",
    )
    docker_key_fingerprint: Fingerprint = Field(
        DOCKER_KEY_FINGERPRINT,
        description="The only OpenPGP key that is accepted for the repository.",
    )
    docker_plugins: tuple[Literal["buildx", "compose", "model"], ...] = Field(
        ("buildx", "compose"), description="Plugins of the command line to install."
    )

    @model_validator(mode="after")
    def _a_bundle_has_a_place(self) -> Self:
        if self.docker_source == "bundle" and self.docker_bundle is None:
            raise ValueError("docker_bundle: docker_source is bundle; name the bundle's folder")
        return self
