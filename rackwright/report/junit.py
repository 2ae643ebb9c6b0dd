"""junit.xml: a test case for each host, as CI systems read it.

The form is that of Jenkins' and Maven Surefire's schemas, without anything that only one of them
knows. What is not right is an error, a difference from the settings a failure.
"""

from typing import Final
from xml.etree import ElementTree as Xml

from rackwright.report.outcome import Outcome
from rackwright.report.record import HostRecord, RunRecord

_KIND: Final = {
    Outcome.FAILED: "error",
    Outcome.UNREACHABLE: "error",
    Outcome.NOT_REACHED: "error",
    Outcome.DRIFTED: "failure",
    Outcome.NOT_ASKED: "skipped",
}


def junit(record: RunRecord) -> str:
    """The report of a run as JUnit XML."""
    cases = [_case(record, host) for host in record.hosts]
    kinds = [_KIND.get(host.outcome) for host in record.hosts]
    suite = Xml.Element(
        "testsuite",
        name=record.inventory or "hosts",
        tests=str(len(cases)),
        failures=str(kinds.count("failure")),
        errors=str(kinds.count("error")),
        skipped=str(kinds.count("skipped")),
        time=f"{(record.finished - record.started).total_seconds():.3f}",
        timestamp=f"{record.started:%Y-%m-%dT%H:%M:%S}",
        hostname=record.where,
    )
    suite.extend(cases)
    whole = Xml.Element("testsuites", name="rackwright")
    whole.append(suite)
    Xml.indent(whole)
    return Xml.tostring(whole, encoding="unicode", xml_declaration=True) + "\n"


def _case(record: RunRecord, host: HostRecord) -> Xml.Element:
    case = Xml.Element(
        "testcase",
        classname=record.inventory or "hosts",
        name=host.name,
        time=f"{host.seconds or 0:.3f}",
    )
    changes = [
        f"{change.task}: {change.what}: {change.before} -> {change.after}"
        for change in host.changes
    ]
    kind = _KIND.get(host.outcome)
    if kind and host.error:
        said = f"{host.error.step}: {host.error.reason}" if host.error.step else host.error.reason
        inside = Xml.SubElement(case, kind, message=said, type=host.outcome)
        inside.text = "\n".join(host.error.output or (said,))
    elif kind:
        inside = Xml.SubElement(case, kind, message=host.summary or host.outcome)
        if kind == "failure":
            inside.set("type", host.outcome)
            inside.text = "\n".join(changes)
    if changes or host.notes:
        Xml.SubElement(case, "system-out").text = "\n".join((*changes, *host.notes))
    return case
