"""Practice hosts: real systemd, sshd, apt and dockerd on this machine."""
