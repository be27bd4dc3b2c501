// What an "expect" object demands, in words.
#include <functional>
#include <map>

#include "core/text.h"
#include "scenarios/authoring/prose.h"

namespace drydock::scenarios::prose {
namespace {

using json::Member;
using json::Value;
using Lines = std::vector<std::string>;

std::string Text(const Value& value) {
  return value.as_string() == nullptr ? Compact(value) : *value.as_string();
}

const Value::Object& MembersOf(const Value& value) {
  static const Value::Object kNone;
  return value.as_object() == nullptr ? kNone : *value.as_object();
}

const Value::Array& ElementsOf(const Value& value) {
  static const Value::Array kNone;
  return value.as_array() == nullptr ? kNone : *value.as_array();
}

Lines Parts(const Value& value) {
  std::map<std::string, Lines> by_outcome;
  for (const Member& member : MembersOf(value)) {
    by_outcome[Text(member.value)].push_back(member.key);
  }
  Lines lines;
  for (const auto& [outcome, parts] : by_outcome) {
    lines.push_back(
        Concat({And(parts), outcome == "not-reached"
                                ? (parts.size() == 1 ? " is not reached" : " are not reached")
                                : Concat({" ", outcome})}));
  }
  return lines;
}

Lines Tags(const Value& value) {
  Lines lines;
  for (const Member& member : MembersOf(value)) {
    const Value* other = member.value.Find("same-as");
    const Value* unlike = member.value.Find("differs-from");
    lines.push_back(other != nullptr
                        ? Concat({"tag ", member.key, " is the same as ", Text(*other)})
                    : unlike != nullptr
                        ? Concat({"tag ", member.key, " is another image than ", Text(*unlike)})
                        : Concat({"tag ", member.key, " is ",
                                  Text(member.value) == "present" ? "there" : Text(member.value)}));
  }
  return lines;
}

Lines Requests(const Value& value) {
  Lines lines;
  for (const Value& element : ElementsOf(value)) {
    const Value* times = element.Find("times");
    lines.push_back(
        Concat({times == nullptr ? "" : Count(*times, "request"), ": ", Exchanges(element)}));
  }
  return lines;
}

Lines Never(const Value& value) {
  Lines lines;
  for (const Value& element : ElementsOf(value)) {
    lines.push_back(Concat({"never: ", Exchanges(element)}));
  }
  return lines;
}

Lines Faults(const Value& value) {
  Lines lines;
  for (const Member& member : MembersOf(value)) {
    lines.push_back(Concat({"fault ", member.key, " fires ", Count(member.value, "time")}));
  }
  return lines;
}

Lines Output(const Value& value) {
  Lines lines;
  for (const Value& element : ElementsOf(value)) {
    lines.push_back(Concat({"it prints ", Compact(element)}));
  }
  return lines;
}

Lines Diagnosis(const Value& value) {
  Lines lines;
  for (const Member& member : MembersOf(value)) {
    const Value* absent = member.value.Find("not");
    lines.push_back(Concat({"the ", member.key, absent == nullptr ? " says " : " does not say ",
                            Compact(absent == nullptr ? member.value : *absent)}));
  }
  return lines;
}

Lines Waits(const Value& value) {
  Lines spans;
  for (const Value& element : ElementsOf(value)) {
    spans.push_back(Text(element));
  }
  return {spans.empty() ? "it never pauses" : Concat({"it pauses for ", And(spans)})};
}

Lines Took(const Value& value) {
  Lines bounds;
  for (const Member& member : MembersOf(value)) {
    bounds.push_back(
        Concat({member.key == "at-least" ? "at least " : "at most ", Text(member.value)}));
  }
  return {Concat({"it takes ", And(bounds)})};
}

const std::map<std::string_view, std::function<Lines(const Value&)>>& Sayings() {
  static const std::map<std::string_view, std::function<Lines(const Value&)>> kSayings = {
      {"verdict",
       [](const Value& v) {
         return Lines{Concat({"it ends ", Text(v)})};
       }},
      {"exit-code",
       [](const Value& v) {
         return Lines{Concat({"exit code ", Compact(v)})};
       }},
      {"builds", [](const Value& v) { return Lines{Count(v, "run") + " of the builder"}; }},
      {"blob-bytes", [](const Value& v) { return Lines{Count(v, "byte") + " of blobs are sent"}; }},
      {"untagged", [](const Value& v) { return Lines{Count(v, "manifest") + " without a tag"}; }},
      {"parts", Parts},
      {"tags", Tags},
      {"requests", Requests},
      {"never", Never},
      {"faults", Faults},
      {"output", Output},
      {"diagnosis", Diagnosis},
      {"waits", Waits},
      {"took", Took},
  };
  return kSayings;
}

}  // namespace

Lines Expectations(const Value& expect) {
  Lines lines;
  for (const Member& member : MembersOf(expect)) {
    const auto saying = Sayings().find(member.key);
    const Lines more = saying == Sayings().end()
                           ? Lines{Concat({member.key, ": ", Compact(member.value)})}
                           : saying->second(member.value);
    lines.insert(lines.end(), more.begin(), more.end());
  }
  return lines;
}

}  // namespace drydock::scenarios::prose
