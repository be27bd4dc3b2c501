// What another party does to a registry in the middle of a scenario (P16): somebody who commits the
// same blob, moves a tag, cleans up. No request and no answer: the registry's state changes, and
// its journal tells of the tags.
// Threads: plain values. Source: incidents.md 9.2, P16; docs/fault-format.md "actor".
#pragma once

#include <string>
#include <string_view>

#include "simulator/damage.h"
#include "simulator/treatment.h"

namespace drydock::simulator {

struct Deed {
  enum class Kind {
    kTag,           // `reference` names the manifest that `what` (tag or digest) names
    kPutManifest,   // `what`, a JSON document, under the tag `reference` if there is one
    kPutBlob,       // the digest `reference`: the bytes of `session`, else `what`
    kDelete,        // the tag or manifest `reference`
    kDeleteBlob,    // the digest `reference`
    kCollect,       // what no tag leads to: manifests and blobs
    kCollectPlain,  // every manifest without a tag of its own, children of an index too
    kPolicy,        // `traits`, for good
    kEndUploads,    // every open upload session
    kSpoil,         // the manifest or blob `reference` is kept as `damage` leaves it
    kRevokeTokens,  // every token that was given out before this second, and `what`
  };
  Kind kind = Kind::kTag;
  std::string repository;
  std::string reference;
  std::string what;
  std::string session;
  TraitList traits;
  Damage damage;
  std::string actor;  // who moves tags, in the eyes of the journal
};

// What a rule can ask whether a registry has it (M14).
enum class Held { kTag, kManifest, kBlob, kSession };

}  // namespace drydock::simulator
