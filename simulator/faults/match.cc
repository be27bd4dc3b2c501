#include "simulator/faults/match.h"

#include <algorithm>

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

bool AnyFits(const std::vector<std::string>& globs, std::string_view text) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(),
                                      [&](const auto& glob) { return GlobMatches(glob, text); });
}

bool FitsIfGiven(const std::optional<std::string>& glob, std::string_view text) {
  return !glob || GlobMatches(*glob, text);
}

bool IsDigest(std::string_view reference) { return reference.find(':') != std::string_view::npos; }

std::string_view MediaType(const RequestHead& head) {
  const std::string_view type = head.headers.Get("Content-Type");
  return Trim(type.substr(0, type.find(';')));
}

// The scalars (as text) and containers (as their kind) that `pointer` leads to.
void Collect(const json::Value& value, std::string_view pointer, std::vector<std::string>& into) {
  if (pointer.empty()) {
    const std::string* text = value.as_string();
    into.push_back(text == nullptr ? value.Excerpt() : *text);
    return;
  }
  const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
  const std::string_view token = pointer.substr(0, end);
  const std::string_view rest = pointer.substr(end);
  if (token != "/*") {
    if (const json::Value* next = value.At(token)) {
      Collect(*next, rest, into);
    }
  } else if (const auto* array = value.as_array()) {
    for (const json::Value& element : *array) {
      Collect(element, rest, into);
    }
  } else if (const auto* object = value.as_object()) {
    for (const json::Member& member : *object) {
      Collect(member.value, rest, into);
    }
  }
}

std::vector<std::string> Values(const json::Value& manifest, std::string_view pointer) {
  std::vector<std::string> values;
  Collect(manifest, pointer, values);
  return values;
}

When::Role RoleOf(const Sight& sight, const json::Value& manifest) {
  if (!IsDigest(sight.route.reference)) {
    return When::Role::kTop;
  }
  const auto types = Values(manifest, "/layers/*/mediaType");
  return std::find(types.begin(), types.end(), media_type::kInToto) == types.end()
             ? When::Role::kChild
             : When::Role::kAttestation;
}

bool FitsManifest(const When& when, const Sight& sight) {
  if (!when.role && when.manifest.empty()) {
    return true;
  }
  if (sight.manifest == nullptr) {
    return false;
  }
  const auto manifest = json::Parse(*sight.manifest, "manifest");
  if (!manifest || (when.role && *when.role != RoleOf(sight, *manifest))) {
    return false;
  }
  return std::all_of(when.manifest.begin(), when.manifest.end(), [&](const ValueTest& test) {
    return Holds(test, Values(*manifest, test.name));
  });
}

}  // namespace

bool Fits(const ExchangePattern& pattern, const Sight& sight) {
  const RequestHead& head = sight.head;
  const Route& route = sight.route;
  const bool digest = IsDigest(route.reference);
  const bool kind =
      !pattern.reference_kind ||
      (!route.reference.empty() &&
       digest == (*pattern.reference_kind == ExchangePattern::ReferenceKind::kDigest));
  return AnyFits(pattern.methods, head.method) && AnyFits(pattern.operations, route.operation) &&
         FitsIfGiven(pattern.client, head.caller.client) &&
         FitsIfGiven(pattern.address, head.caller.address) &&
         FitsIfGiven(pattern.protocol, head.protocol) &&
         (!pattern.connection || pattern.connection->Has(head.caller.connection)) &&
         FitsIfGiven(pattern.host, head.url.host) &&
         FitsIfGiven(pattern.repository, route.repository) &&
         FitsIfGiven(pattern.reference, route.reference) && kind &&
         FitsIfGiven(pattern.media_type, MediaType(head)) &&
         (!pattern.status || *pattern.status == sight.status) &&
         (!pattern.replica || *pattern.replica == route.replica) &&
         std::all_of(pattern.headers.begin(), pattern.headers.end(), [&](const ValueTest& test) {
           return Holds(test, head.headers.All(test.name));
         });
}

bool Holds(const ValueTest& test, const std::vector<std::string>& values) {
  switch (test.kind) {
    case ValueTest::Kind::kFits:
      return std::any_of(values.begin(), values.end(),
                         [&](const auto& value) { return GlobMatches(test.glob, value); });
    case ValueTest::Kind::kPresent:
      return !values.empty();
    case ValueTest::Kind::kAbsent:
      return values.empty();
  }
  return false;
}

bool FitsAlone(const When& when, const Sight& sight) {
  return (!when.from || sight.now >= *when.from) && (!when.until || sight.now < *when.until) &&
         Fits(when.exchange, sight) &&
         std::all_of(when.bounds.begin(), when.bounds.end(),
                     [&](const Bound& bound) { return Holds(bound, sight); }) &&
         FitsManifest(when, sight) && (!when.state || FitsState(*when.state, sight));
}

std::string ValueOf(Key key, const Sight& sight) {
  const bool digest = IsDigest(sight.route.reference);
  switch (key) {
    case Key::kClient:
      return sight.head.caller.client;
    case Key::kAddress:
      return sight.head.caller.address;
    case Key::kConnection:
      return std::to_string(sight.head.caller.connection);
    case Key::kHost:
      return sight.head.url.host;
    case Key::kReplica:
      return std::to_string(sight.route.replica);
    case Key::kRepository:
      return sight.route.repository;
    case Key::kSession:
      return sight.route.session;
    case Key::kDigest:
      return digest ? sight.route.reference : "";
    case Key::kTag:
      return digest ? "" : sight.route.reference;
  }
  return "";
}

std::string KeyOf(const std::vector<Key>& keys, const Sight& sight) {
  std::string text;
  for (const Key key : keys) {
    text += Concat({text.empty() ? "" : " ", Name(key), "=", ValueOf(key, sight)});
  }
  return text;
}

}  // namespace drydock::simulator
