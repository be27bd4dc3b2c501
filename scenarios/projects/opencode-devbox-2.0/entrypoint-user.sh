#!/bin/sh
set -eu
[ -f "$HOME/.config/devbox.json" ] || render-config > "$HOME/.config/devbox.json"
exec "$@"
