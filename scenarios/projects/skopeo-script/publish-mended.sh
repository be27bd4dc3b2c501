#!/bin/sh
# As publish.sh, but it stops at the first command that fails.
set -eu
image=${DRYDOCK_IMAGE:-docker.io/joakimp/app}
tag=${DRYDOCK_TAG:?the version to publish}

skopeo copy --all --dest-tls-verify=false "oci:dist/app" "docker://$image:$tag"
skopeo copy --all --src-tls-verify=false --dest-tls-verify=false \
  "docker://$image:$tag" "docker://$image:latest"
echo "published $image:$tag"
