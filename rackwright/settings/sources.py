"""Where a host gets the distribution's own packages, and Python's."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from rackwright.settings.section import Section
from rackwright.settings.values import HttpUrl, RegistryName


class SourceSettings(Section):
    """Mirrors of apt and pip."""

    apt_mirror: HttpUrl | None = Field(
        None,
        description="A mirror of the distribution's archive, such as "
        "`https://mirror.example.org/debian`, for the host's own apt sources. Taken out again, "
        "the sources from before come back.",
    )
    apt_security_mirror: HttpUrl | None = Field(
        None,
        description="A mirror of security updates. Without it, they come from `apt_mirror` where "
        "that has them (beside it, as `debian-security`), and else from where they came before.",
    )
    apt_mirror_max_lag: Annotated[int, Field(strict=True, ge=0)] = Field(
        24,
        description="Hours that a mirror's Release file may be older than the one in use; a "
        "mirror that is further behind is refused.",
    )
    pip_index_url: HttpUrl | None = Field(
        None, description="pip's package index, in `/etc/pip.conf`; other keys there stay."
    )
    pip_trusted_host: RegistryName | None = Field(
        None, description="A host (`HOST` or `HOST:PORT`) that pip trusts without a certificate."
    )

    @model_validator(mode="after")
    def _security_goes_with_the_rest(self) -> Self:
        if self.apt_security_mirror and not self.apt_mirror:
            raise ValueError("apt_security_mirror: set apt_mirror too")
        return self
