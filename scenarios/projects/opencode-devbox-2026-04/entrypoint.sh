#!/bin/sh
set -eu
# Give the mounted home to the devbox user, then drop privileges.
chown -R devbox:devbox /home/devbox
exec su-exec devbox /usr/local/bin/entrypoint-user.sh "$@"
