// Reading from a registry as BuildKit does: a tag through HEAD, everything else by digest with GET;
// nothing is repeated, except that a layer whose body broke off is read on from there after 1, 2
// and 4 seconds. Threads: inside an actor.
// Source: captures buildx-variant-*, buildx-ci-rebuild-*; faults pull-*, cache-from-*.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/reference.h"
#include "simulator/buildkit/image.h"
#include "simulator/buildkit/progress.h"
#include "simulator/buildkit/registry_host.h"

namespace drydock::simulator::buildkit {

class Fetcher {
 public:
  // All references must outlive the Fetcher.
  Fetcher(RegistryHost& host, std::string repository)
      : host_(host), repository_(std::move(repository)) {}

  // HEAD of the tag (or of the digest). Without a Docker-Content-Digest the manifest is read and
  // hashed. kNotFound "<reference>: not found".
  Result<Descriptor> Resolve(const ImageReference& reference);
  // The bytes of a manifest or of a small blob. Errors begin with "httpReadSeeker: failed open: ".
  Result<std::string> Manifest(const Descriptor& descriptor);
  Result<std::string> SmallBlob(const Descriptor& descriptor);
  // The bytes of a layer; errors begin with "failed to copy: ". Layers of a base image are read
  // under containerd's User-Agent, cached layers under BuildKit's.
  Result<std::shared_ptr<const std::string>> Layer(const Descriptor& descriptor,
                                                   std::string_view agent, Progress& progress,
                                                   Progress::Vertex vertex);

 private:
  Result<Response> Open(const Descriptor& descriptor, std::string_view kind, std::string_view agent,
                        std::size_t offset);
  Result<std::string> ReadWhole(const Descriptor& descriptor, std::string_view kind);

  RegistryHost& host_;
  std::string repository_;
};

}  // namespace drydock::simulator::buildkit
