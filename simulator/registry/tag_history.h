// When each tag of a registry moved, for views that lag behind: Docker Hub's tag listing shows what
// was true some minutes ago. Only moves made by requests are known; of each tag the latest few.
// Threads: one at a time. Source: incident `hub-tag-list-lag`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/digest.h"
#include "simulator/registry/store.h"

namespace drydock::simulator {

class TagHistory {
 public:
  static constexpr std::size_t kMovesMax = 64;  // of one tag; the oldest are forgotten

  struct Move {
    TimePoint at{};
    std::optional<Digest> from;  // nullopt: the tag was not there
    std::optional<Digest> to;    // nullopt: it was deleted
  };

  // `at` must not be before the tag's last move.
  void Add(std::string_view repository, std::string_view tag, Move move);
  // `now`, as it was at `then`: later moves undone.
  TagMap AsOf(std::string_view repository, TagMap now, TimePoint then) const;
  // Of the tag's last move; nullopt when none is known.
  std::optional<TimePoint> LastMove(std::string_view repository, std::string_view tag) const;

 private:
  std::map<std::string, std::map<std::string, std::vector<Move>, std::less<>>, std::less<>> moves_;
};

}  // namespace drydock::simulator
