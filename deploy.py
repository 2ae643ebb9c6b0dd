"""Bare Ubuntu and Debian servers become Docker hosts.

pyinfra inventory/example.py deploy.py          (--dry shows the plan and changes nothing)

What is done, task by task and in order: tasks/every.py.
"""

from tasks.converge import converge

converge()
