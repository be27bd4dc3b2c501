// --cache-from and --cache-to as buildx reads them. Threads: values.
// Source: buildx reference, "--cache-to"; captures buildx-cache-*.
#pragma once

#include <string>
#include <string_view>

#include "core/reference.h"
#include "core/result.h"

namespace drydock::simulator::buildkit {

struct CacheOption {
  ImageReference reference;
  bool all_layers = false;      // mode=max
  bool image_manifest = false;  // image-manifest=true
  bool oci_types = true;        // oci-mediatypes=true
  bool ignore_error = false;    // ignore-error=true
};

// "type=registry,ref=app/one:cache,mode=max", or just a reference. kInvalid for cache types other
// than the registry, which are not modelled, and for what is no option.
Result<CacheOption> ParseCacheOption(std::string_view text);

}  // namespace drydock::simulator::buildkit
