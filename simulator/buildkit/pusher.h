// Sending content to a registry as BuildKit's pusher does: HEAD, POST (perhaps as a mount), PUT
// with the whole body; manifests HEAD, PUT; the whole of it again after 1, 2 and 4 seconds when the
// answer was a 5xx or got lost. Threads: inside an actor; lanes are actors of their own.
// Source: wire captures buildx-push-*; fault captures 503-*, 500-*, rst-*, 400html-*.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/buildkit/image.h"
#include "simulator/buildkit/progress.h"
#include "simulator/buildkit/registry_host.h"

namespace drydock::simulator::buildkit {

// Runs `attempt` until it works, fails for good, or four attempts failed with transient errors.
// Each of those is printed, with the pause that follows. kConflict when `work` stopped meanwhile.
Status WithRetries(Progress& progress, Progress::Vertex vertex, const Undertaking* work,
                   const std::function<Status()>& attempt);

using BytesSource = std::function<Result<std::shared_ptr<const std::string>>()>;

class Pusher {
 public:
  // All references must outlive the Pusher. `work` may be null.
  Pusher(RegistryHost& host, std::string repository, const Undertaking* work)
      : host_(host), repository_(std::move(repository)), work_(work) {}

  // One attempt to have the blob in the repository. `mount_from` names a repository of the same
  // registry to mount it from, or "". `bytes` is called once the upload is open. `reference` names
  // the write in error texts ("layer-sha256:…").
  Status PushBlob(const Descriptor& blob, const BytesSource& bytes, const std::string& mount_from,
                  const std::string& reference);
  // One attempt to have the manifest under `name` (a tag or its digest).
  Status PushManifest(const Content& manifest, std::string_view name, const std::string& reference);

 private:
  Result<bool> HasBlob(const Descriptor& blob);
  Result<Url> StartUpload(const Descriptor& blob, const std::string& mount_from);
  Result<Response> Send(RegistryHost::Call call, const std::string& mount_from = "");

  RegistryHost& host_;
  std::string repository_;
  const Undertaking* work_;
};

// "layer-sha256:…", "config-…", "manifest-…", "index-…", "intoto-…": how containerd names a write.
std::string WriteReference(const Descriptor& descriptor);

}  // namespace drydock::simulator::buildkit
