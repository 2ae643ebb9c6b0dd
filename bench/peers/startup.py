"""Our own start-up: what a run imports and parses before it asks the first host anything."""

import importlib
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

# pyinfra's command line first, as in a run: it patches the standard library for gevent.
for name in ("pyinfra_cli.main", "rackwright.report.ending", "tasks.converge"):
    importlib.import_module(name)

from rackwright.settings import parse_fleet  # noqa: E402 - gevent's patches come first

hosts, everybody = runpy.run_path(str(ROOT / "inventory" / "lab.py"))["lab"]
parse_fleet({name: {**everybody, **data} for name, data in hosts})
