// The effects of others beside the client: a limiter in front, and another party. Threads: pure
// functions. Source: incidents.md 9.2 (P14, P16).
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/digest.h"
#include "core/text.h"
#include "simulator/faults/effects.h"
#include "simulator/faults/rule_reader.h"
#include "simulator/registry/traits.h"

namespace drydock::simulator::reading {
namespace {

using json::Member;
using json::ObjectReader;
using json::Source;
using json::Value;

constexpr std::size_t kDeedsMax = 64;

// The number of the word that a member has; nullopt without the member.
template <std::size_t kSize>
std::optional<std::size_t> ReadWord(ObjectReader& reader, std::string_view key,
                                    const std::array<std::string_view, kSize>& words) {
  std::string word;
  if (!reader.Read(key, word)) {
    return std::nullopt;
  }
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) {
    reader.Fail(key, Concat({"expected one of: ", Join({words.begin(), words.end()}, ", "),
                             "; found: \"", word, "\""}));
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - words.begin());
}

void ReadCosts(Source& source, ObjectReader& reader, Bucket& bucket) {
  const Value* costs = reader.Optional("cost");
  if (costs == nullptr) {
    return;
  }
  for (const Member& member :
       costs->as_object() == nullptr ? Value::Object() : *costs->as_object()) {
    const auto cost = member.value.as_integer();
    if (!cost || *cost < 0) {
      source.Fail(member.line, Concat({"cost: \"", member.key,
                                       "\": expected 0 or more, found: ", member.value.Excerpt()}));
      return;
    }
    bucket.costs.emplace_back(member.key, static_cast<std::uint64_t>(*cost));
  }
  if (bucket.costs.empty()) {
    reader.Fail("cost", "expected an object of operations and what each costs");
  }
}

std::vector<std::string> RegistryOperations() {
  return {"ping", "catalog", "tags.list", "referrers", "blob.*", "upload.*", "manifest.*"};
}

// What there is to do, by the member that names it.
struct DeedWord {
  std::string_view name;
  Deed::Kind kind;
};
constexpr std::array<DeedWord, 10> kDeeds = {{
    {"tag", Deed::Kind::kTag},
    {"put-manifest", Deed::Kind::kPutManifest},
    {"put-blob", Deed::Kind::kPutBlob},
    {"delete", Deed::Kind::kDelete},
    {"delete-blob", Deed::Kind::kDeleteBlob},
    {"spoil", Deed::Kind::kSpoil},
    {"collect", Deed::Kind::kCollect},
    {"policy", Deed::Kind::kPolicy},
    {"uploads", Deed::Kind::kEndUploads},
    {"tokens", Deed::Kind::kRevokeTokens},
}};

// Writes a value of the file as JSON again, members in their order.
nlohmann::ordered_json Written(const Value& value) {
  if (const auto* object = value.as_object()) {
    auto json = nlohmann::ordered_json::object();
    for (const Member& member : *object) {
      json[member.key] = Written(member.value);
    }
    return json;
  }
  if (const auto* array = value.as_array()) {
    auto json = nlohmann::ordered_json::array();
    for (const Value& element : *array) {
      json.push_back(Written(element));
    }
    return json;
  }
  if (const std::string* text = value.as_string()) {
    return *text;
  }
  if (const bool* flag = value.as_bool()) {
    return *flag;
  }
  const auto number = value.as_integer();
  return number ? nlohmann::ordered_json(*number) : nlohmann::ordered_json();
}

std::string ManifestText(ObjectReader& reader, const Value& value) {
  if (value.Text("mediaType").empty()) {
    reader.Fail("put-manifest", "expected a manifest with a \"mediaType\"");
  }
  return Written(value).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// A member with one word that it must be.
void ReadOnly(ObjectReader& reader, std::string_view key, std::string_view word) {
  std::string text;
  if (reader.Read(key, text) && text != word) {
    reader.Fail(key, Concat({"expected \"", word, "\", found: \"", text, "\""}));
  }
}

void FillDeed(Source& source, ObjectReader& reader, const Value& value, Deed& deed) {
  switch (deed.kind) {
    case Deed::Kind::kTag:
      reader.Require("tag", deed.reference);
      reader.Require("to", deed.what);
      return;
    case Deed::Kind::kPutManifest:
      deed.what = ManifestText(reader, *reader.Required("put-manifest"));
      reader.Read("as", deed.reference);
      return;
    case Deed::Kind::kPutBlob:
      reader.Require("put-blob", deed.reference);
      if (reader.Read("text", deed.what)) {
        deed.reference.clear();
      }
      return;
    case Deed::Kind::kDelete:
      reader.Require("delete", deed.reference);
      return;
    case Deed::Kind::kDeleteBlob:
      reader.Require("delete-blob", deed.reference);
      return;
    case Deed::Kind::kSpoil:
      reader.Require("spoil", deed.reference);
      ReadDamage(reader, deed.damage);
      if (!deed.damage.any()) {
        reader.Fail("spoil", R"(changes nothing (expected "flip" or "truncate" beside it))");
      }
      return;
    case Deed::Kind::kCollect:
    case Deed::Kind::kCollectPlain: {
      constexpr std::array<std::string_view, 2> kWords = {"unreachable", "untagged"};
      deed.kind = ReadWord(reader, "collect", kWords) == 1 ? Deed::Kind::kCollectPlain
                                                           : Deed::Kind::kCollect;
      return;
    }
    case Deed::Kind::kPolicy:
      deed.traits = ReadTraits(source, *value.Find("policy"), "policy");
      static_cast<void>(reader.Required("policy"));
      return;
    case Deed::Kind::kEndUploads:
      ReadOnly(reader, "uploads", "lost");
      return;
    case Deed::Kind::kRevokeTokens:
      ReadOnly(reader, "tokens", "revoked");
      return;
  }
}

// One element of "does".
void ReadDeed(Source& source, const Value& value, Script& script) {
  ObjectReader reader(source, value, "does");
  if (value.Find("arm") != nullptr || value.Find("disarm") != nullptr) {
    ReadTexts(reader, "arm", script.arm);
    ReadTexts(reader, "disarm", script.disarm);
    reader.Finish();
    return;
  }
  Deed deed;
  const auto word = std::find_if(kDeeds.begin(), kDeeds.end(), [&](const DeedWord& one) {
    return value.Find(one.name) != nullptr;
  });
  if (word == kDeeds.end()) {
    std::vector<std::string> names = {"arm", "disarm"};
    for (const DeedWord& one : kDeeds) {
      names.emplace_back(one.name);
    }
    source.Fail(value.line(), Concat({"does: expected an object with one of: ", Join(names, ", "),
                                      "; found: ", value.Excerpt()}));
    return;
  }
  deed.kind = word->kind;
  FillDeed(source, reader, value, deed);
  reader.Read("repository", deed.repository);
  reader.Finish();
  script.deeds.push_back(std::move(deed));
}

}  // namespace

void ReadBucket(Source& source, const Value& value, FaultRule& rule) {
  Limiter limiter;
  Bucket& bucket = limiter.bucket;
  ObjectReader reader(source, value, "bucket");
  constexpr std::array<std::string_view, 3> kBy = {"account", "address", "host"};
  constexpr std::array<std::string_view, 3> kShown = {"none", "docker", "reset"};
  constexpr std::array<std::string_view, 5> kAfter = {"none", "seconds", "date", "unix",
                                                      "nonsense"};
  if (const auto by = ReadWord(reader, "by", kBy)) {
    bucket.by = static_cast<Bucket::By>(*by);
  }
  reader.Require("size", bucket.size);
  reader.Read("refill", bucket.refill);
  if (reader.Require("every", bucket.every) && bucket.every <= Duration::zero()) {
    reader.Fail("every", "expected more than 0");
  }
  ReadCosts(source, reader, bucket);
  if (const auto shown = ReadWord(reader, "headers", kShown)) {
    bucket.shown = static_cast<Bucket::Shown>(*shown);
  }
  if (const auto after = ReadWord(reader, "retry-after", kAfter)) {
    bucket.retry_after = static_cast<Bucket::RetryAfter>(*after);
  }
  limiter.refusal = RegistryError(429, "TOOMANYREQUESTS", "too many requests");
  if (const Value* reply = reader.Optional("reply")) {
    FaultRule said;
    ReadReply(source, *reply, said);
    if (const auto* refusal = std::get_if<Reply>(&said.answer)) {
      limiter.refusal = *refusal;
    }
  }
  reader.Finish();
  rule.answer = std::move(limiter);
}

void ReadActor(Source& source, const Value& value, FaultRule& rule) {
  Script script;
  std::string as = rule.name;
  ObjectReader reader(source, value, "actor");
  reader.Read("as", as);
  reader.Read("after", script.after);
  const Value* does = reader.Required("does");
  if (does != nullptr && (does->as_array() == nullptr || does->as_array()->empty() ||
                          does->as_array()->size() > kDeedsMax)) {
    reader.Fail("does", Concat({"expected an array of 1 to ", std::to_string(kDeedsMax),
                                " things to do, found: ", does->Excerpt()}));
  } else if (does != nullptr) {
    for (const Value& deed : *does->as_array()) {
      ReadDeed(source, deed, script);
    }
  }
  reader.Finish();
  for (Deed& deed : script.deeds) {
    deed.actor = as;
  }
  KeepOperations(source, value, "actor", RegistryOperations(), rule);
  rule.answer = std::move(script);
}

}  // namespace drydock::simulator::reading
