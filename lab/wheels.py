"""A package index for pip with stand-ins: small packages that say by themselves what they are."""

import io
import zipfile

from lab.tar import File

# Package, version, and what its module says.
STAND_INS = {
    "torch": ("2.0.0+standin", "__version__ = '2.0.0+standin'\nSTAND_IN = True\n"),
    "practice": ("1.0", "__version__ = '1.0'\n"),
}


def index() -> dict[str, File]:
    """The files of the index (PEP 503), which nginx lists by itself."""
    return {
        f"srv/pip/simple/{name}/{name}-{version}-py3-none-any.whl": File(wheel(name, version, text))
        for name, (version, text) in STAND_INS.items()
    }


def wheel(name: str, version: str, text: str) -> bytes:
    """A wheel (PEP 427) of one module; the same arguments always give the same bytes."""
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": text,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        "Summary: A stand-in for practice hosts, not the package of that name\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: lab\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{about}/RECORD"))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return made.getvalue()
