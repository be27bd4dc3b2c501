// What `skopeo copy --all` and `skopeo inspect --raw` put on the wire: a model of skopeo 1.9.3, as
// Debian 12 has it, judged by captures of the real one (tests/captures/traffic,
// client-faults.jsonl). A 429 is waited out as the registry asks; nothing else is repeated, but a
// list that was not taken is tried in its other form (OCI index, Docker manifest list), and an
// image refused as MANIFEST_INVALID or TAG_INVALID in each of its own (forms.h). The real one packs
// layers that are plain tar; here they go as they are. One blob after another. Threads: called from
// inside an actor of the world; pauses pass on its clock. Source: wire captures skopeo1.9-*;
// docs/classification.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/reference.h"
#include "core/result.h"
#include "core/transport.h"
#include "simulator/buildkit/buildx.h"
#include "simulator/world/world.h"

namespace drydock::simulator {

struct SkopeoOptions {
  std::map<std::string, RegistryLogin> logins;  // by registry host; "docker.io" for Docker Hub
  std::vector<std::string> plain_http;          // registry hosts that are spoken to over http
};

class Skopeo {
 public:
  // Both references must outlive the Skopeo.
  Skopeo(World& world, Transport& transport, SkopeoOptions options)
      : world_(world), transport_(transport), options_(std::move(options)) {}

  // `skopeo copy --all SOURCE DESTINATION`: SOURCE is "oci:FOLDER" or "docker://NAME:TAG",
  // DESTINATION "docker://NAME:TAG". An exit code other than 0 leaves what was pushed so far:
  // blobs, and manifests by their digests. kCancelled when the actor was killed: any part may be
  // done.
  Result<CommandResult> Copy(const std::string& source, const std::string& destination);
  // `skopeo inspect --raw docker://NAME:TAG`; any answer but a manifest gives an exit code other
  // than 0. kCancelled as for Copy.
  Result<CommandResult> Inspect(const std::string& name);

 private:
  Result<CommandResult> Finish(const Status& done, CommandResult result);

  World& world_;
  Transport& transport_;
  SkopeoOptions options_;
};

}  // namespace drydock::simulator
