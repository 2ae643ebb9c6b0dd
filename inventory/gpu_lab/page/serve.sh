#!/bin/sh
# The password comes from outside, and is in no image; httpd takes none with blanks in it.
echo "/jobs:lab:$PAGE_PASSWORD" >/etc/httpd.conf
exec busybox httpd -f -p 80 -c /etc/httpd.conf
