// `docker buildx imagetools`: `create` gives a tag to what another tag points at, or merges several
// into one index; `inspect` shows what a tag points at. Nothing is repeated but 429, at once.
// Threads: inside an actor. Source: captures imagetools-*; faults promote-*.
#pragma once

#include <string>
#include <vector>

#include "core/reference.h"
#include "simulator/buildkit/buildx.h"
#include "simulator/buildkit/image.h"
#include "simulator/buildkit/pusher.h"
#include "simulator/buildkit/registries.h"

namespace drydock::simulator::buildkit {

class Imagetools {
 public:
  // Both references must outlive the Imagetools.
  Imagetools(Registries& registries, Progress& progress)
      : registries_(registries), progress_(progress) {}

  // kCancelled when the actor was killed; every other failure is in the result.
  Result<CommandResult> Create(const std::vector<std::string>& tags,
                               const std::vector<std::string>& sources);
  Result<CommandResult> Inspect(const std::string& name);

 private:
  struct Source {
    ImageReference reference;
    Content manifest;
  };

  Result<CommandResult> Finish(const Status& done, const Digest& digest, std::string output);
  Status Run(const std::vector<std::string>& tags, const std::vector<std::string>& sources,
             Digest& digest);
  Result<Source> Load(const std::string& name);
  Result<Content> Merge(const std::vector<Source>& sources);
  Status Push(const Content& content, const std::vector<Source>& sources,
              const ImageReference& tag);
  Status CopyBelow(const Source& source, const ImageReference& tag);
  Status CopyBlob(const Descriptor& blob, const Source& source, const ImageReference& tag);

  Registries& registries_;
  Progress& progress_;
};

}  // namespace drydock::simulator::buildkit
