#include "publisher/registry/revision_label.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kShortestId = 7;  // as git writes it

}  // namespace

std::optional<std::string> RevisionIn(const json::Value& config) {
  const json::Value* labels = config.At("/config/Labels");
  const json::Value* label = labels == nullptr ? nullptr : labels->Find(kRevisionLabel);
  const std::string* text = label == nullptr ? nullptr : label->as_string();
  return text == nullptr || text->empty() ? std::nullopt : std::optional(*text);
}

bool IsRevisionOf(std::string_view revision, std::string_view commit) {
  return revision.size() >= kShortestId && commit.starts_with(revision);
}

}  // namespace drydock::publisher
