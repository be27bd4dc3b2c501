#include <algorithm>
#include <array>

#include "core/text.h"
#include "simulator/faults/operations.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator::reading {
namespace {

using json::Member;
using json::ObjectReader;
using json::Source;
using json::Value;

constexpr std::array<Key, 9> kKeys = {Key::kClient,  Key::kAddress, Key::kConnection,
                                      Key::kHost,    Key::kReplica, Key::kRepository,
                                      Key::kSession, Key::kDigest,  Key::kTag};

bool IsPointer(std::string_view text) { return text.empty() || text[0] == '/'; }

void ReadReferenceKind(ObjectReader& reader, ExchangePattern& pattern) {
  std::string kind;
  if (!reader.Read("reference-kind", kind)) {
    return;
  }
  if (kind != "tag" && kind != "digest") {
    reader.Fail("reference-kind",
                Concat({"expected \"tag\" or \"digest\", found: \"", kind, "\""}));
  }
  pattern.reference_kind = kind == "tag" ? ExchangePattern::ReferenceKind::kTag
                                         : ExchangePattern::ReferenceKind::kDigest;
}

void CheckOperations(ObjectReader& reader, const std::vector<std::string>& globs) {
  for (const std::string& glob : globs) {
    if (FittingOperations({glob}, {}).empty()) {
      std::vector<std::string> names;
      for (const OperationFacts& operation : AllOperations()) {
        names.emplace_back(operation.name);
      }
      const auto nearest = NearestWord(glob, names);
      reader.Fail("operation",
                  Concat({"no such operation: \"", glob, "\"",
                          nearest ? Concat({"; did you mean \"", *nearest, "\"?"})
                                  : Concat({"; expected one of: ", Join(names, ", ")})}));
    }
  }
}

void ReadOptional(ObjectReader& reader, std::string_view key, std::optional<std::string>& into) {
  std::string text;
  if (reader.Read(key, text)) {
    into = std::move(text);
  }
}

// A number, or "from", "to" or both.
void ReadConnection(Source& source, ObjectReader& reader, ExchangePattern& pattern) {
  constexpr std::string_view kKey = "connection";
  const Value* value = reader.Optional(kKey);
  if (value == nullptr) {
    return;
  }
  Ordinals ordinals;
  if (const auto number = value->as_integer(); number && *number > 0) {
    ordinals.from = ordinals.to = static_cast<std::uint64_t>(*number);
  } else if (value->as_object() != nullptr) {
    ObjectReader members(source, *value, kKey);
    const bool from = members.Read("from", ordinals.from);
    const bool to = members.Read("to", ordinals.to);
    members.Finish();
    if (!from && !to) {
      members.Fail("", R"(expected "from", "to" or both)");
    } else if (ordinals.from == 0 || ordinals.from > ordinals.to) {
      members.Fail("", "no connection has such a number: they count from 1 on");
    }
  } else {
    reader.Fail(kKey,
                Concat({"expected a number from 1 on, or an object with \"from\" and \"to\", ",
                        "found: ", value->Excerpt()}));
  }
  pattern.connection = ordinals;
}

void ReadProtocol(ObjectReader& reader, ExchangePattern& pattern) {
  ReadOptional(reader, "protocol", pattern.protocol);
  if (pattern.protocol && *pattern.protocol != "HTTP/1.0" && *pattern.protocol != "HTTP/1.1") {
    reader.Fail("protocol", Concat({R"(expected "HTTP/1.0" or "HTTP/1.1", found: ")",
                                    *pattern.protocol, "\""}));
  }
}

Since ReadSince(Source& source, const Value& value) {
  Since since;
  ObjectReader reader(source, value, "since");
  since.event = ReadPattern(source, reader);
  if (since.event.operations.empty()) {
    reader.Fail("", "missing key \"operation\" (expected the event that opens the window)");
  }
  ReadKeys(reader, "same", since.same);
  reader.Read("first", since.first);
  reader.Read("after", since.after);
  Duration span{};
  if (reader.Read("for", span)) {
    since.span = span;
    if (span <= Duration::zero()) {
      reader.Fail("for", "the window is empty: expected more than 0");
    }
  }
  reader.Finish();
  return since;
}

void ReadRole(ObjectReader& reader, When& when) {
  std::string role;
  if (!reader.Read("role", role)) {
    return;
  }
  const std::pair<std::string_view, When::Role> roles[] = {
      {"top", When::Role::kTop},
      {"child", When::Role::kChild},
      {"attestation", When::Role::kAttestation}};
  for (const auto& [name, value] : roles) {
    when.role = role == name ? value : when.role;
  }
  if (!when.role) {
    reader.Fail("role",
                Concat({"expected \"top\", \"child\" or \"attestation\", found: \"", role, "\""}));
  }
}

}  // namespace

std::vector<ValueTest> ReadTests(Source& source, const Value& value, std::string_view what) {
  std::vector<ValueTest> tests;
  if (value.as_object() == nullptr || value.as_object()->empty()) {
    source.Fail(value.line(), Concat({what, ": expected an object with a member for each test"}));
    return tests;
  }
  for (const Member& member : *value.as_object()) {
    const std::string* glob = member.value.as_string();
    const bool* there = member.value.as_bool();
    if (glob == nullptr && there == nullptr) {
      source.Fail(member.line,
                  Concat({what, ": \"", member.key,
                          "\": expected a glob, true (is there) or false (is not there), found: ",
                          member.value.Excerpt()}));
      return tests;
    }
    const auto kind = glob != nullptr ? ValueTest::Kind::kFits
                      : *there        ? ValueTest::Kind::kPresent
                                      : ValueTest::Kind::kAbsent;
    tests.push_back({member.key, kind, glob == nullptr ? "" : *glob});
  }
  return tests;
}

bool ReadTexts(ObjectReader& reader, std::string_view key, std::vector<std::string>& into) {
  const Value* value = reader.Optional(key);
  if (value == nullptr) {
    return false;
  }
  if (const std::string* text = value->as_string()) {
    into = {*text};
    return true;
  }
  if (value->as_array() == nullptr || value->as_array()->empty()) {
    reader.Fail(key,
                Concat({"expected a string or an array of strings, found: ", value->Excerpt()}));
    return false;
  }
  return reader.Read(key, into);
}

bool ReadKeys(ObjectReader& reader, std::string_view key, std::vector<Key>& into) {
  std::vector<std::string> names;
  if (!ReadTexts(reader, key, names)) {
    return false;
  }
  std::vector<std::string> choices;
  choices.reserve(kKeys.size());
  for (const Key known : kKeys) {
    choices.emplace_back(Name(known));
  }
  for (const std::string& name : names) {
    const auto found = std::find(choices.begin(), choices.end(), name);
    if (found == choices.end()) {
      reader.Fail(key,
                  Concat({"expected one of: ", Join(choices, ", "), "; found: \"", name, "\""}));
      return false;
    }
    into.push_back(kKeys[static_cast<std::size_t>(found - choices.begin())]);
  }
  return true;
}

ExchangePattern ReadPattern(Source& source, ObjectReader& reader) {
  ExchangePattern pattern;
  ReadTexts(reader, "method", pattern.methods);
  if (ReadTexts(reader, "operation", pattern.operations)) {
    CheckOperations(reader, pattern.operations);
  }
  ReadOptional(reader, "client", pattern.client);
  ReadOptional(reader, "address", pattern.address);
  ReadConnection(source, reader, pattern);
  ReadProtocol(reader, pattern);
  ReadOptional(reader, "host", pattern.host);
  ReadOptional(reader, "repository", pattern.repository);
  ReadOptional(reader, "reference", pattern.reference);
  ReadReferenceKind(reader, pattern);
  ReadOptional(reader, "media-type", pattern.media_type);
  if (const Value* headers = reader.Optional("headers")) {
    pattern.headers = ReadTests(source, *headers, "\"headers\"");
  }
  std::uint64_t replica = 0;
  if (reader.Read("replica", replica)) {
    pattern.replica = replica;
    if (replica == 0) {
      reader.Fail("replica", "expected 1 or more, found: 0");
    }
  }
  int status = 0;
  if (reader.Read("status", status)) {
    pattern.status = status;
    if (status < 100 || status > 599) {
      reader.Fail("status", Concat({"expected 100 to 599, found: ", std::to_string(status)}));
    }
  }
  return pattern;
}

When ReadWhen(Source& source, const Value& value) {
  When when;
  ObjectReader reader(source, value, "when");
  when.exchange = ReadPattern(source, reader);
  ReadRole(reader, when);
  when.bounds = ReadBounds(source, reader);
  if (const Value* manifest = reader.Optional("manifest")) {
    when.manifest = ReadTests(source, *manifest, "\"manifest\"");
    for (const ValueTest& test : when.manifest) {
      if (!IsPointer(test.name)) {
        reader.Fail("manifest",
                    Concat({"expected JSON pointers such as \"/config/mediaType\", found: \"",
                            test.name, "\""}));
      }
    }
  }
  TimePoint time{};
  if (reader.Read("from", time)) {
    when.from = time;
  }
  if (reader.Read("until", time)) {
    when.until = time;
    if (when.from && time <= *when.from) {
      reader.Fail("until", Concat({"the window is empty: expected a time after ",
                                   FormatRfc3339(*when.from)}));
    }
  }
  if (const Value* since = reader.Optional("since")) {
    when.since = ReadSince(source, *since);
  }
  if (const Value* state = reader.Optional("state")) {
    when.state = ReadState(source, *state);
  }
  reader.Finish();
  return when;
}

}  // namespace drydock::simulator::reading
