"""The converge run: bare Ubuntu and Debian servers become Docker hosts.

pyinfra inventory/example.py deploy.py          (--dry shows the plan and changes nothing)
"""

from pyinfra import host

from rackwright.run import plan_host
from tasks.begin import begin
from tasks.conflicts import conflicts
from tasks.daemon import daemon
from tasks.engine import engine
from tasks.repair import repair
from tasks.repository import repository
from tasks.service import service
from tasks.users import users
from tasks.verify import verify

planned = plan_host(host)
if planned:
    plan, settings, sudo = planned
    begin(plan=plan, _sudo=sudo)
    repair(plan=plan, _sudo=sudo)
    repository(plan=plan, _sudo=sudo)
    conflicts(plan=plan, _sudo=sudo)
    daemon(plan=plan, _sudo=sudo)
    engine(plan=plan, _sudo=sudo)
    service(plan=plan, _sudo=sudo)
    users(plan=plan, _sudo=sudo)
    verify(plan=plan, settings=settings, _sudo=sudo)
