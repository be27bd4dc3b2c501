#include "simulator/registry/tag_history.h"

#include <algorithm>

namespace drydock::simulator {

void TagHistory::Add(std::string_view repository, std::string_view tag, Move move) {
  std::vector<Move>& moves = moves_[std::string(repository)][std::string(tag)];
  if (moves.size() >= kMovesMax) {
    moves.erase(moves.begin());
  }
  moves.push_back(std::move(move));
}

TagMap TagHistory::AsOf(std::string_view repository, TagMap now, TimePoint then) const {
  const auto found = moves_.find(repository);
  if (found == moves_.end()) {
    return now;
  }
  for (const auto& [tag, moves] : found->second) {
    const auto undone =
        std::find_if(moves.begin(), moves.end(), [&](const Move& move) { return move.at > then; });
    if (undone == moves.end()) {
      continue;
    }
    if (undone->from) {
      now.insert_or_assign(tag, *undone->from);
    } else {
      now.erase(tag);
    }
  }
  return now;
}

std::optional<TimePoint> TagHistory::LastMove(std::string_view repository,
                                              std::string_view tag) const {
  const auto found = moves_.find(repository);
  if (found == moves_.end()) {
    return std::nullopt;
  }
  const auto moves = found->second.find(tag);
  return moves == found->second.end() ? std::nullopt : std::optional(moves->second.back().at);
}

}  // namespace drydock::simulator
