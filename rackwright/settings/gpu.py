"""GPU servers: driver, container toolkit, MIG, and what a run may do while jobs use the GPUs."""

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from rackwright.packages.nvidia import TOOLKIT_KEY_FINGERPRINT, TOOLKIT_REPO_URL, driver
from rackwright.settings.images import Duration, seconds
from rackwright.settings.references import Reference
from rackwright.settings.section import Section
from rackwright.settings.values import DEBIAN_VERSION, Fingerprint, HttpUrl

# A server with many GPUs takes its time to come back.
REBOOT_TIMEOUT: Final = 1800  # seconds
# What makes a host one whose GPUs are looked at.
_ASKS: Final = ("gpu_driver", "gpu_toolkit_version", "gpu_mig", "gpu_count")


def _driver(value: str) -> str:
    if value in ("keep", "distro") or driver(value):
        return value
    raise ValueError(
        'write "keep", "distro", a branch ("535", "570-server", "570-open", "570-server-open") or '
        'a version ("570.86.15", "570.86.15-open")'
    )


def _toolkit(value: str) -> str:
    if value == "latest" or re.fullmatch(r"\d+\.\d+(\.\d+)?", value):
        return value
    if DEBIAN_VERSION.fullmatch(value):
        return value
    raise ValueError(
        'write "latest", a version ("1.17", "1.17.8") or a Debian version ("1.17.8-1")'
    )


def _gpu(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _index(value: str) -> str:
    if value == "all" or re.fullmatch(r"0|[1-9]\d?", value):
        return value
    raise ValueError('write the number of a GPU, as nvidia-smi shows it, or "all"')


def _profile(value: str) -> str:
    # NVIDIA's MIG user guide, "MIG Device Names".
    if re.fullmatch(r"\d+g\.\d+gb(\+(me|me\.all|gfx))?(-me)?", value):
        return value
    raise ValueError('write a profile as `nvidia-smi mig -lgip` shows it, such as "3g.20gb"')


GpuIndex = Annotated[str, BeforeValidator(_gpu), AfterValidator(_index)]
Profile = Annotated[str, AfterValidator(_profile)]


class GpuSettings(Section):
    """The GPUs of a host. On a host without any, these settings mean nothing."""

    gpu_driver: Annotated[str, AfterValidator(_driver)] = Field(
        "keep",
        description="`keep`, `distro` (the distribution's choice), a branch (`570`, `570-open`; "
        "Ubuntu's own for servers is `570-server` or `570-server-open`) or, with `gpu_repo_url`, a "
        "version (`570.86.15`, `570.86.15-open`). `-open` is the open kernel module. Debian has "
        "only `distro`; all else needs `gpu_repo_url` there.",
    )
    gpu_repo_url: HttpUrl | None = Field(
        None,
        description="NVIDIA's CUDA repository (`https://developer.download.nvidia.com/compute/cuda"
        "/repos`) or a mirror of it, for the driver; `None` takes the distribution's. It has no "
        "`-server`.",
    )
    gpu_key_fingerprint: Fingerprint | None = Field(
        None,
        description="The only OpenPGP key that is accepted for it; `None` for NVIDIA's own for "
        "the host's release.",
    )
    gpu_toolkit_version: Annotated[str, AfterValidator(_toolkit)] | None = Field(
        None,
        description="NVIDIA's Container Toolkit: `latest` (leaves an installed one alone), a "
        "version (`1.17`, `1.17.8`); `None` leaves it to others.",
    )
    gpu_toolkit_repo_url: HttpUrl = Field(
        TOOLKIT_REPO_URL, description="The toolkit's repository or a mirror of it."
    )
    gpu_toolkit_key_fingerprint: Fingerprint = Field(
        TOOLKIT_KEY_FINGERPRINT,
        description="The only OpenPGP key that is accepted for the toolkit's repository.",
    )
    gpu_default_runtime: bool = Field(
        False, description="Every container runs with the `nvidia` runtime, also without `--gpus`."
    )
    gpu_allow_reboot: bool = Field(
        False,
        description="A run may reboot a host whose new driver needs that; where "
        "containers run, `docker_allow_container_stop` has to be set, too.",
    )
    gpu_busy: Literal["skip", "wait", "go"] = Field(
        "skip",
        description="What happens where GPUs compute and a change would break that: the host is "
        "left alone, waited for, or changed all the same.",
    )
    gpu_wait: Duration = Field(
        "2h", description='How long `gpu_busy = "wait"` waits for the jobs to end.'
    )
    gpu_mig: dict[GpuIndex, tuple[Profile, ...]] = Field(
        {},
        description='MIG profiles by GPU, such as `{"0": ["3g.20gb", "3g.20gb"], "all": []}`; `[]` '
        "turns MIG off, `all` means those that are not named.",
    )
    gpu_count: int | None = Field(
        None, ge=0, description="How many GPUs the host must have; `None` for any number."
    )
    gpu_hold: bool = Field(
        True,
        description="Keep driver, toolkit and kernel from unattended upgrades, as one set.",
    )
    gpu_image: Reference = Field(
        "ubuntu:24.04",
        description="An image with glibc in which `nvidia-smi` shows that containers get the GPUs.",
    )

    @property
    def gpu_asked(self) -> bool:
        """Whether these settings ask for anything of GPUs, so that the host is looked at for it."""
        defaults = GpuSettings.model_fields
        return any(getattr(self, name) != defaults[name].default for name in _ASKS)

    @property
    def gpu_patience(self) -> int:
        """Seconds that a host may take besides, for jobs that end and for a reboot."""
        jobs = seconds(self.gpu_wait) if self.gpu_busy == "wait" else 0
        return jobs + (REBOOT_TIMEOUT if self.gpu_allow_reboot else 0)

    def mig_of(self, index: str) -> tuple[str, ...] | None:
        """The MIG profiles that a GPU is to have; () for MIG off, None for whatever it has."""
        return self.gpu_mig.get(index, self.gpu_mig.get("all"))

    @model_validator(mode="after")
    def _driver_has_a_source(self) -> Self:
        wanted = driver(self.gpu_driver)
        if wanted and wanted.patch and self.gpu_repo_url is None:
            raise ValueError(
                "gpu_driver: the distribution has no choice of versions; set gpu_repo_url to "
                f"NVIDIA's repository, or write the branch: {self.gpu_driver.split('.')[0]!r}"
            )
        if self.gpu_repo_url and self.gpu_driver == "distro":
            raise ValueError(
                'gpu_driver: "distro" comes from the distribution; take gpu_repo_url out, or name '
                "a branch"
            )
        if self.gpu_repo_url and wanted and wanted.server:
            raise ValueError(
                "gpu_driver: only Ubuntu's own drivers come as -server; take that out, or "
                "gpu_repo_url"
            )
        return self

    @model_validator(mode="after")
    def _runtime_is_there(self) -> Self:
        if self.gpu_default_runtime and self.gpu_toolkit_version is None:
            raise ValueError(
                "gpu_default_runtime: set gpu_toolkit_version, which brings the runtime"
            )
        return self
