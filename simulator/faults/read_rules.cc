#include "simulator/faults/read_rules.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator {
namespace reading {
namespace {

using json::ObjectReader;
using json::Source;
using json::Value;

constexpr std::size_t kNameBytesMax = 200;
constexpr std::uint64_t kChanceMax = 1'000'000'000;

// "1/20".
void ReadChance(ObjectReader& reader, Times& times) {
  std::string text;
  if (!reader.Read("chance", text)) {
    return;
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto chance = ParseUnsigned(std::string_view(text).substr(0, slash));
  const auto of = ParseUnsigned(std::string_view(text).substr(std::min(slash + 1, text.size())));
  if (!chance || !of || *chance == 0 || *chance >= *of || *of > kChanceMax) {
    reader.Fail("chance", Concat({"expected a ratio between 0 and 1 such as \"1/20\", found: \"",
                                  text, "\""}));
    return;
  }
  times.chance = *chance;
  times.chance_of = *of;
}

// A count from 1 on; true when it was given.
bool ReadCount(ObjectReader& reader, std::string_view key, std::uint64_t& into) {
  if (!reader.Read(key, into)) {
    return false;
  }
  if (into == 0) {
    reader.Fail(key, "expected 1 or more, found: 0");
  }
  return true;
}

void ReadRange(ObjectReader& reader, Times& times) {
  const bool from = ReadCount(reader, "from", times.from);
  const bool to = ReadCount(reader, "to", times.to);
  if (from != to) {
    reader.Fail("", R"("from" and "to" go together)");
  } else if (times.to < times.from) {
    reader.Fail("to", Concat({"expected ", std::to_string(times.from),
                              " or more, found: ", std::to_string(times.to)}));
  }
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

FaultRule ReadRule(Source& source, const Value& value) {
  FaultRule rule;
  rule.line = value.line();
  ObjectReader reader(source, value, "fault");
  if (reader.Require("name", rule.name) && !IsName(rule.name)) {
    reader.Fail("name", "expected 1 to 200 printable characters");
  }
  reader.Read("armed", rule.armed);
  if (const Value* when = reader.Optional("when")) {
    rule.when = ReadWhen(source, *when);
  }
  if (const Value* effect = reader.Required("do")) {
    ReadDo(source, *effect, rule);
  }
  if (const Value* times = reader.Optional("times")) {
    rule.times = ReadTimes(source, *times);
  }
  reader.Finish();
  if (source.ok()) {
    CheckCanMatch(source, value, rule);
  }
  return rule;
}

}  // namespace

Times ReadTimes(Source& source, const Value& value) {
  Times times;
  if (const auto first = value.as_integer()) {
    times.to = static_cast<std::uint64_t>(std::max<std::int64_t>(*first, 0));
    if (*first < 1) {
      source.Fail(value.line(), Concat({"times: expected 1 or more, found: ", value.Excerpt()}));
    }
    return times;
  }
  if (value.as_object() == nullptr) {
    source.Fail(value.line(),
                Concat({"times: expected a number or an object, found: ", value.Excerpt()}));
    return times;
  }
  ObjectReader reader(source, value, "times");
  std::uint64_t count = 0;
  if (ReadCount(reader, "nth", count)) {
    times.from = times.to = count;
  }
  if (ReadCount(reader, "first", count)) {
    times.to = count;
  }
  if (ReadCount(reader, "after", count)) {
    times.from = count + 1;
  }
  if (ReadCount(reader, "every", count)) {
    times.from = times.every = count;
  }
  ReadChance(reader, times);
  int ways = 0;
  for (const std::string_view way : {"nth", "first", "after", "every", "chance", "from"}) {
    ways += value.Find(way) != nullptr ? 1 : 0;
  }
  if (value.Find("from") != nullptr || value.Find("to") != nullptr) {
    ReadRange(reader, times);
  }
  ReadKeys(reader, "per", times.per);
  reader.Finish();
  if (ways > 1 || (ways == 0 && value.Find("to") == nullptr)) {
    reader.Fail("",
                R"(expected one of "nth", "first", "after", "every", "from" with "to", "chance")");
  }
  return times;
}

}  // namespace reading

namespace {

// The rules that an actor arms or disarms are in the same list.
void CheckSwitches(json::Source& source, const std::vector<FaultRule>& rules) {
  for (const FaultRule& rule : rules) {
    const auto* script = std::get_if<Script>(&rule.answer);
    for (const auto* names :
         {script ? &script->arm : nullptr, script ? &script->disarm : nullptr}) {
      for (const std::string& name : names == nullptr ? std::vector<std::string>() : *names) {
        if (std::none_of(rules.begin(), rules.end(),
                         [&](const FaultRule& other) { return other.name == name; })) {
          source.Fail(rule.line,
                      Concat({"actor: there is no such fault in this list: \"", name, "\""}));
        }
      }
    }
  }
}

}  // namespace

std::vector<FaultRule> ReadFaultRules(json::Source& source, const json::Value& array) {
  std::vector<FaultRule> rules;
  if (array.as_array() == nullptr) {
    source.Fail(array.line(), Concat({"faults: expected an array, found: ", array.Excerpt()}));
    return rules;
  }
  if (array.as_array()->size() > kFaultRulesMax) {
    source.Fail(array.line(),
                Concat({"faults: expected at most ", std::to_string(kFaultRulesMax),
                        " rules, found: ", std::to_string(array.as_array()->size())}));
    return rules;
  }
  for (const json::Value& value : *array.as_array()) {
    FaultRule rule = reading::ReadRule(source, value);
    const auto same = std::find_if(rules.begin(), rules.end(),
                                   [&](const FaultRule& other) { return other.name == rule.name; });
    if (same != rules.end()) {
      source.Fail(value.line(), Concat({"fault: another fault has this name: \"", rule.name,
                                        "\" (on line ", std::to_string(same->line), ")"}));
    }
    rules.push_back(std::move(rule));
  }
  CheckSwitches(source, rules);
  return rules;
}

namespace {

Result<std::vector<FaultRule>> ReadDocument(const json::Value& document, const std::string& path) {
  json::Source source(path);
  json::ObjectReader reader(source, document, "fault file");
  std::vector<FaultRule> rules;
  if (const json::Value* array = reader.Required("faults")) {
    rules = ReadFaultRules(source, *array);
  }
  reader.Finish();
  const Status status = source.status();
  if (!status) {
    return status.error();
  }
  return rules;
}

}  // namespace

Result<std::vector<FaultRule>> ParseFaultFile(std::string_view text, const std::string& path) {
  const auto document = json::Parse(text, path, {.comments = true});
  return document ? ReadDocument(*document, path) : document.error();
}

Result<std::vector<FaultRule>> ReadFaultFile(const std::string& path) {
  const auto document = json::ParseFile(path);
  return document ? ReadDocument(*document, path) : document.error();
}

}  // namespace drydock::simulator
