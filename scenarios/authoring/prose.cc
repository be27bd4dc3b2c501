#include "scenarios/authoring/prose.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"

namespace drydock::scenarios::prose {
namespace {

using json::Member;
using json::Value;

std::string Word(const Value& value) {
  const std::string* text = value.as_string();
  return text == nullptr ? Compact(value) : *text;
}

// The texts of a string or of an array of them.
std::vector<std::string> Words(const Value& value) {
  std::vector<std::string> words;
  if (const auto* array = value.as_array()) {
    for (const Value& element : *array) {
      words.push_back(Word(element));
    }
  } else {
    words.push_back(Word(value));
  }
  return words;
}

// What tests of header fields or manifest members ask: `Accept like "*json*"`, `no Range`.
std::string Tests(const Value& tests, std::string_view noun) {
  std::vector<std::string> words;
  for (const Member& member : tests.as_object() == nullptr ? Value::Object() : *tests.as_object()) {
    if (const bool* there = member.value.as_bool()) {
      words.push_back(Concat({*there ? "a " : "no ", noun, " ", member.key}));
    } else {
      words.push_back(Concat({"a ", noun, " ", member.key, " like ", Compact(member.value)}));
    }
  }
  return And(words);
}

std::string Since(const Value& since) {
  std::string text = "once ";
  text += since.Find("first") != nullptr ? "the first " : "";
  text += Exchanges(since);
  text += " was seen";
  if (const Value* same = since.Find("same")) {
    text += Concat({" of the same ", And(Words(*same))});
  }
  if (const Value* after = since.Find("after")) {
    text += Concat({", from ", Word(*after), " later on"});
  }
  if (const Value* span = since.Find("for")) {
    text += Concat({", for ", Word(*span)});
  }
  return text;
}

// Members whose words are a few before and after the value.
struct Phrase {
  std::string_view key;
  std::string_view before;
  std::string_view after;
};

constexpr std::array<Phrase, 14> kPhrases = {{
    {"client", " by ", ""},
    {"actor", " by ", ""},
    {"address", " from ", ""},
    {"protocol", " in ", ""},
    {"host", " at ", ""},
    {"repository", " of ", ""},
    {"reference", " named ", ""},
    {"reference-kind", " by ", ""},
    {"media-type", " with content of type ", ""},
    {"url", " to ", ""},
    {"role", " of a ", " manifest"},
    {"from", ", from ", " on"},
    {"until", ", before ", ""},
    {"method", " (", ")"},
}};

// Members that other sentences speak of.
constexpr std::array<std::string_view, 7> kElsewhere = {"operation", "times", "same",   "first",
                                                        "after",     "for",   "$schema"};

std::string Detail(const Member& member) {
  const auto phrase = std::find_if(kPhrases.begin(), kPhrases.end(),
                                   [&](const Phrase& each) { return each.key == member.key; });
  if (phrase != kPhrases.end()) {
    return Concat({phrase->before, And(Words(member.value), "or"), phrase->after});
  }
  if (member.key == "status") {
    return member.value.as_integer() == 0 ? " that got no answer"
                                          : Concat({" answered ", Word(member.value)});
  }
  if (member.key == "headers") {
    return Concat({" with ", Tests(member.value, "header")});
  }
  if (member.key == "manifest") {
    return Concat({" with ", Tests(member.value, "manifest member")});
  }
  if (member.key == "since") {
    return Concat({", ", Since(member.value)});
  }
  return Concat({", with ", member.key, " ", Compact(member.value)});
}

std::string HowOften(const Value* times) {
  if (times == nullptr) {
    return "every time";
  }
  if (times->as_integer()) {
    return *times->as_integer() == 1 ? "the first time"
                                     : Concat({"the first ", Compact(*times), " times"});
  }
  std::string text;
  const auto number = [&](std::string_view key) {
    const Value* value = times->Find(key);
    return value == nullptr ? std::nullopt : value->as_integer();
  };
  if (const auto nth = number("nth")) {
    text = Concat({"the ", Ordinal(*nth), " time"});
  } else if (const auto first = number("first")) {
    text =
        *first == 1 ? "the first time" : Concat({"the first ", std::to_string(*first), " times"});
  } else if (const auto after = number("after")) {
    text = Concat({"after the ", Ordinal(*after), " time"});
  } else if (const auto every = number("every")) {
    text = Concat({"every ", Ordinal(*every), " time"});
  } else if (number("from") && number("to")) {
    text = Concat(
        {"from the ", Ordinal(*number("from")), " to the ", Ordinal(*number("to")), " time"});
  } else if (const Value* chance = times->Find("chance")) {
    text = Concat({"by chance, ", Word(*chance), " of the times"});
  } else {
    text = Concat({"at times ", Compact(*times)});
  }
  if (const Value* per = times->Find("per")) {
    text += Concat({" (counted for each ", And(Words(*per)), " by itself)"});
  }
  return text;
}

std::string_view When(simulator::Phase phase) {
  switch (phase) {
    case simulator::Phase::kRequestHead:
      return "before the server has read more than the head";
    case simulator::Phase::kRequestBody:
      return "while the request's body arrives";
    case simulator::Phase::kSessionBody:
      return "while the upload session's bytes arrive";
    case simulator::Phase::kDecide:
      return "when all has arrived and nothing is done";
    case simulator::Phase::kResponseHead:
      return "after the work is done";
    case simulator::Phase::kResponseBody:
      return "while the answer's body leaves";
    default:
      return Name(phase);
  }
}

}  // namespace

std::string Compact(const Value& value) {
  std::vector<std::string> pieces;
  if (const auto* array = value.as_array()) {
    for (const Value& element : *array) {
      pieces.push_back(Compact(element));
    }
    return Concat({"[", Join(pieces, ", "), "]"});
  }
  if (const auto* object = value.as_object()) {
    for (const Member& member : *object) {
      pieces.push_back(Concat({"\"", member.key, "\": ", Compact(member.value)}));
    }
    return Concat({"{", Join(pieces, ", "), "}"});
  }
  return value.is_null() ? "null" : value.Excerpt();
}

std::string Count(const Value& bounds, std::string_view noun) {
  const auto counted = [&](std::int64_t number) {
    return Concat({std::to_string(number), " ", noun, number == 1 ? "" : "s"});
  };
  if (const auto exact = bounds.as_integer()) {
    return *exact == 0 ? Concat({"no ", noun}) : counted(*exact);
  }
  const Value* least = bounds.Find("at-least");
  const Value* most = bounds.Find("at-most");
  const std::int64_t low = least == nullptr ? 0 : least->as_integer().value_or(0);
  const std::int64_t high = most == nullptr ? 0 : most->as_integer().value_or(0);
  if (least != nullptr && most != nullptr) {
    return Concat({std::to_string(low), " to ", counted(high)});
  }
  return least != nullptr ? Concat({"at least ", counted(low)})
                          : Concat({"at most ", counted(high)});
}

std::string Ordinal(std::int64_t number) {
  const std::int64_t tens = number % 100;
  const bool teen = tens >= 11 && tens <= 13;
  constexpr std::array<std::string_view, 4> kEndings = {"th", "st", "nd", "rd"};
  const std::int64_t last = number % 10;
  return Concat(
      {std::to_string(number), teen || last > 3 ? "th" : kEndings[static_cast<std::size_t>(last)]});
}

std::string And(const std::vector<std::string>& words, std::string_view last) {
  std::string text;
  for (std::size_t index = 0; index < words.size(); ++index) {
    const bool final_word = index > 0 && index + 1 == words.size();
    text += index == 0 ? "" : final_word ? Concat({" ", last, " "}) : ", ";
    text += words[index];
  }
  return text;
}

std::string Exchanges(const Value& pattern) {
  const Value* operation = pattern.Find("operation");
  std::string text = operation == nullptr ? "request" : And(Words(*operation), "or");
  for (const Member& member :
       pattern.as_object() == nullptr ? Value::Object() : *pattern.as_object()) {
    if (std::find(kElsewhere.begin(), kElsewhere.end(), member.key) == kElsewhere.end()) {
      text += Detail(member);
    }
  }
  return text;
}

std::string Fault(const Value& value, const simulator::FaultRule& rule) {
  static const Value kEverything;
  const Value* when = value.Find("when");
  std::string text =
      Concat({rule.name, ": ", Exchanges(when == nullptr ? kEverything : *when), ": ",
              HowOften(value.Find("times")), ", ", When(rule.phase), ": ", Describe(rule)});
  const Value* effect = value.Find("do");
  const Value* reply = effect == nullptr ? nullptr : effect->Find("reply");
  for (const std::string_view key : {"page", "error", "message", "text", "headers"}) {
    const Value* part = reply == nullptr ? nullptr : reply->Find(key);
    text += part == nullptr ? "" : Concat({", ", key, " ", Compact(*part)});
  }
  return text + (rule.armed ? "." : ". It is off until a step switches it on.");
}

std::string Wrapped(std::string_view text, std::size_t width, std::string_view first) {
  std::string lines(first);
  std::size_t used = first.size();
  bool fresh = true;
  for (const std::string& word : Split(text, ' ')) {
    std::size_t columns = 0;
    for (const char c : word) {
      columns += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0 : 1;
    }
    if (!fresh && used + 1 + columns > width) {
      lines += Concat({"\n", std::string(first.size(), ' ')});
      used = first.size();
      fresh = true;
    }
    lines += Concat({fresh ? "" : " ", word});
    used += columns + (fresh ? 0 : 1);
    fresh = false;
  }
  return lines + "\n";
}

}  // namespace drydock::scenarios::prose
