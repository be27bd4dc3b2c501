#include "publisher/registry/reception.h"

#include <algorithm>

#include "core/json.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

bool Allows(const json::Value& entry, std::string_view repository) {
  const json::Value* actions = entry.Find("actions");
  if (entry.Text("type") != "repository" || entry.Text("name") != repository ||
      actions == nullptr || actions->as_array() == nullptr) {
    return false;
  }
  return std::any_of(actions->as_array()->begin(), actions->as_array()->end(),
                     [](const json::Value& action) {
                       const std::string* name = action.as_string();
                       return name != nullptr && (*name == "push" || *name == "*");
                     });
}

}  // namespace

PushRight RightToPush(std::string_view authorization, std::string_view repository) {
  constexpr std::string_view kBearer = "Bearer ";
  if (!authorization.starts_with(kBearer)) {
    return PushRight::kUntold;
  }
  const auto parts = Split(authorization.substr(kBearer.size()), '.');
  const auto claims = parts.size() == 3 ? FromBase64(parts[1]) : std::nullopt;
  const auto parsed = claims ? json::Parse(*claims, "token") : Error(ErrorCode::kInvalid, "");
  const json::Value* access = parsed ? parsed->Find("access") : nullptr;
  if (access == nullptr || access->as_array() == nullptr) {
    return PushRight::kUntold;
  }
  const auto& entries = *access->as_array();
  return std::any_of(entries.begin(), entries.end(),
                     [&](const json::Value& entry) { return Allows(entry, repository); })
             ? PushRight::kGranted
             : PushRight::kRefused;
}

}  // namespace drydock::publisher
