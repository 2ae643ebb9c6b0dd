"""Whether a host must change: one pure function per task, from settings and observation."""
