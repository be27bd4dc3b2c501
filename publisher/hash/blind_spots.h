// What changed that the base hash cannot see, so that the base is not rebuilt and the change is not
// shipped: modes, links, empty files, renames that keep the order, text that moved from one file to
// the next, filtered files; and what the Dockerfile fetches without saying which version.
// Threads: one. Source: issue 3 section 4; opencode-devbox.md section 2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "publisher/hash/input_list.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

struct BlindSpot {
  enum class Kind {
    kMode,        // executable or not
    kLink,        // a link came, went, leads elsewhere, or took a file's place
    kEmptyFile,   // came or went
    kRename,      // the same content under another name, at the same place in the stream
    kMovedText,   // over the boundary between two files
    kFiltered,    // the recipe leaves the file out by name, an image build does not
    kSubmodule,   // what it points to is not hashed
    kDockerfile,  // resolved when the base is built, whenever that is
  };

  Kind kind = Kind::kMode;
  std::vector<std::string> paths;
  std::string what;  // "rootfs/run.sh: executable now"
};

std::string_view Name(BlindSpot::Kind kind);  // "mode", "link", "empty-file", …

struct BlindSpotReport {
  std::string since;  // what was compared with; "" when there was nothing
  Digest before = Digest::Of("");
  Digest now = Digest::Of("");
  std::vector<BlindSpot> changes;    // since then
  std::vector<BlindSpot> floating;   // in the Dockerfile, whatever changed
  std::vector<std::string> skipped;  // what the recipe silently leaves out, now

  // The base is built anew anyway, and the changes go into it.
  bool rebuilt() const { return !since.empty() && before != now; }
};

// `since` is a tag, branch, commit or folder; "" takes the newest tag before HEAD. `subject` is a
// working tree or a commit. kNotFound: no such thing. Other errors as HashTree with `compat`.
Result<BlindSpotReport> FindBlindSpots(const HashSubject& subject, const std::string& since,
                                       const Recipe& recipe);

// What the base does not get with the release `ref`, whose hash is that of the newest tag before
// HEAD: the changes since then, none when the hashes differ or there is no such tag or repository.
// Hashes nothing when both commits have the same objects at the recipe's paths. Errors as above.
Result<BlindSpotReport> FindUnseenChanges(const std::string& root, const std::string& ref,
                                          const Recipe& recipe);

}  // namespace drydock::publisher
