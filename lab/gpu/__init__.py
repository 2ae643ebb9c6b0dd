"""Simulated GPUs for practice hosts: cards, drivers and tools that only look like NVIDIA's.

What is simulated stays in here and in lab/files/gpu; Rackwright itself knows nothing of it. Real
are: apt and its signatures, dpkg, systemd, modprobe's rules, modinfo and depmod, dockerd with its
CDI and its runtimes, runc.
"""
