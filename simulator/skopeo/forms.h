// The other forms of a manifest that skopeo tries when one was not taken, in the bytes it writes.
// Threads: pure functions. Source: what skopeo 1.9.3 put when it was answered with 400.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "simulator/skopeo/content.h"

namespace drydock::simulator::skopeo {

// An OCI index as a Docker manifest list, and the other way round, in the bytes skopeo writes: what
// it tries when the list was not taken. What the other form has no word for (annotations, CPU
// features) is lost. kInvalid when the list is no JSON.
Result<Manifest> InOtherForm(const Manifest& list);

// A form of an image that skopeo tries.
struct Form {
  std::string media_type;
  Result<Manifest> manifest;  // or, in skopeo's words, why there is none
  Bytes config;               // written anew; null: the source's own
};
// All that it tries, in its order, after the type of `image`, whose config is `config`, was
// refused. The first schema is signed with a key made for it; of that only the refusal of a config
// without a history is modelled, and any other is refused as not modelled.
std::vector<Form> OtherFormsOf(const Manifest& image, const Bytes& config);
// The OCI index with those manifests in the place of its children that went up in another form.
Result<Manifest> WithReplaced(const Manifest& index, const std::map<Digest, Manifest>& replaced);

}  // namespace drydock::simulator::skopeo
