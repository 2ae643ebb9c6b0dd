"""rackwright check on a @fake host: it waits for nothing that this run would make."""

import json
from pathlib import Path

from rackwright.check import check_fleet
from rackwright.pace.fleet import Request
from rackwright.report.place import kept
from rackwright.report.record import RunRecord
from tests.plan.test_deploy import FIRST_LOOK, MIRROR_PROBE
from tests.unit.test_observed import recorded

DEAD = "curl: (7) Failed to connect"


def test_the_fleets_cache_is_not_coming_while_nothing_is_changed(tmp_path: Path) -> None:
    look = recorded("converged-debian12")
    answers = {
        FIRST_LOOK: look,
        MIRROR_PROBE: [look[0], f"mirror 1 failed manifest {DEAD}", look[-1]],
    }
    data = {"fake_delay": 0, "fake_delay_jitter": 0, "fake_responses": answers}
    data |= {"cache_host": "@fake/0", "cache_address": "10.0.0.2"}
    (tmp_path / "hosts.json").write_text(json.dumps(data))
    (tmp_path / "inventory.py").write_text(
        "import json\nfrom pathlib import Path\n\n"
        f"hosts = [('@fake/0', json.loads(Path('{tmp_path}/hosts.json').read_text()))]\n"
    )
    check_fleet(Request(str(tmp_path / "inventory.py"), report=str(tmp_path)))
    (folder,) = kept(tmp_path)
    record = RunRecord.model_validate_json((folder / "report.json").read_bytes())
    (host,) = record.hosts
    assert any(
        note.startswith("the mirror http://10.0.0.2:5000 is left out") for note in host.notes
    )
