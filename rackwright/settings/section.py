"""What every part of the settings is made of."""

from typing import Final

from pydantic import BaseModel, ConfigDict

# A validator is built as a part of that of all settings, when that is needed, and not by itself.
FORBID: Final = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Section(BaseModel):
    """Some of the settings."""

    model_config = FORBID
