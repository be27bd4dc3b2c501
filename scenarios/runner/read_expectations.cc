#include <algorithm>
#include <array>
#include <utility>

#include "core/reference.h"
#include "core/text.h"
#include "scenarios/runner/reader.h"
#include "simulator/faults/operations.h"

namespace drydock::scenarios::reading {
namespace {

using json::Member;
using json::ObjectReader;
using json::Source;
using json::Value;

// Every operation an exchange of the journal can carry.
const std::vector<std::string>& Operations() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const simulator::OperationFacts& operation : simulator::AllOperations()) {
      names.emplace_back(operation.name);
    }
    return names;
  }();
  return kNames;
}

const std::vector<std::string>& Verdicts() {
  static const std::vector<std::string> kNames = {"published-and-verified",
                                                  "published-not-verified", "partial",
                                                  "nothing-changed", "refused", "unknown",
                                                  // What the baseline's own exit can tell.
                                                  "green", "red"};
  return kNames;
}

// What a diagnose step finds; scenarios/runner/diagnose_step.cc names them.
const std::vector<std::string>& DiagnosisFields() {
  static const std::vector<std::string> kNames = {
      "cause",  "summary",       "persistence",  "guilty",  "cleared",
      "open",   "first-failure", "last-success", "request", "shape",
      "failed", "worked",        "untagged",     "next",    "upstream"};
  return kNames;
}

void Expected(Source& source, const Value& value, std::string_view what, std::string_view wanted) {
  source.Fail(value.line(), Concat({what, ": expected ", wanted, ", found ", value.KindName(), ": ",
                                    value.Excerpt()}));
}

std::optional<Bounds> ReadBounds(Source& source, const Value& value, std::string_view what) {
  if (const auto exact = value.as_integer(); exact && *exact >= 0) {
    const auto count = static_cast<std::uint64_t>(*exact);
    return Bounds{count, count};
  }
  if (value.as_object() == nullptr) {
    Expected(source, value, what, R"(a whole number or {"at-least": n, "at-most": n})");
    return std::nullopt;
  }
  ObjectReader reader(source, value, what);
  Bounds bounds;
  const bool least = reader.Read("at-least", bounds.least);
  const bool most = reader.Read("at-most", bounds.most);
  reader.Finish();
  if (!least && !most) {
    reader.Fail("", R"(says nothing: {} (expected "at-least", "at-most" or both))");
  }
  if (bounds.least > bounds.most) {
    reader.Fail("at-least", Concat({"cannot hold: ", bounds.ToString()}));
  }
  return bounds;
}

// The members of an object, or an error at `value`; an empty object names nothing.
const Value::Object* Members(Source& source, const Value& value, std::string_view what) {
  const Value::Object* object = value.as_object();
  if (object == nullptr) {
    Expected(source, value, what, "an object");
  } else if (object->empty()) {
    source.Fail(value.line(), Concat({what, ": names nothing: {} (expected at least one member)"}));
  }
  return object;
}

const Value::Array* Elements(Source& source, const Value& value, std::string_view what,
                             bool may_be_empty) {
  const Value::Array* array = value.as_array();
  if (array == nullptr) {
    Expected(source, value, what, "an array");
  } else if (array->empty() && !may_be_empty) {
    source.Fail(value.line(),
                Concat({what, ": names nothing: [] (expected at least one element)"}));
  }
  return array;
}

class ExpectationReader {
 public:
  ExpectationReader(Source& source, const KnownNames& known) : source_(source), known_(known) {}

  std::vector<Expectation> Take() { return std::move(read_); }

  void Verdict(const Value& value) {
    if (OneOf(source_, value, "verdict", Verdicts())) {
      Add(value, VerdictIs{*value.as_string()});
    }
  }

  void ExitCode(const Value& value) {
    const auto code = value.as_integer();
    if (!code || *code < 0 || *code > 255) {
      Expected(source_, value, "exit-code", "a whole number from 0 to 255");
      return;
    }
    Add(value, ExitCodeIs{static_cast<int>(*code)});
  }

  void Parts(const Value& value) {
    if (const auto* members = Members(source_, value, "parts")) {
      for (const Member& member : *members) {
        if (OneOf(source_, member.value, Concat({"parts: \"", member.key, "\""}),
                  {"ran", "skipped", "failed", "not-reached"})) {
          Add(member.value, PartIs{member.key, *member.value.as_string()});
        }
      }
    }
  }

  void Count(const Value& value, CountIs::What what, std::string_view name) {
    if (const auto bounds = ReadBounds(source_, value, name)) {
      Add(value, CountIs{what, *bounds});
    }
  }

  void Untagged(const Value& value) {
    if (const auto bounds = ReadBounds(source_, value, "untagged")) {
      Add(value, UntaggedAre{*bounds});
    }
  }

  void Waits(const Value& value) {
    WaitsAre waits;
    if (const auto* elements = Elements(source_, value, "waits", true)) {
      for (const Value& element : *elements) {
        const std::string* text = element.as_string();
        const auto span = text == nullptr ? std::nullopt : ParseDuration(*text);
        if (!span) {
          Expected(source_, element, "waits", "a duration such as \"15s\"");
          return;
        }
        waits.waits.push_back(*span);
      }
      Add(value, std::move(waits));
    }
  }

  void Took(const Value& value) {
    ObjectReader reader(source_, value, "took");
    TookBetween took;
    const bool least = reader.Read("at-least", took.least);
    const bool most = reader.Read("at-most", took.most);
    reader.Finish();
    if (!least && !most) {
      reader.Fail("", R"(says nothing (expected "at-least", "at-most" or both))");
    }
    Add(value, took);
  }

  void Tags(const Value& value) {
    const auto* members = Members(source_, value, "tags");
    for (const Member& member : members == nullptr ? Value::Object() : *members) {
      if (const auto tag = ReadTag(member)) {
        Add(member.value, *tag);
      }
    }
  }

  void Requests(const Value& value) {
    const auto* elements = Elements(source_, value, "requests", false);
    for (const Value& element : elements == nullptr ? Value::Array() : *elements) {
      const Value* times = element.Find("times");
      const RequestFilter filter = ReadFilter(source_, element, "requests");
      if (times == nullptr) {
        source_.Fail(element.line(), "requests: missing key \"times\"");
        return;
      }
      if (const auto bounds = ReadBounds(source_, *times, "requests: \"times\"")) {
        Add(element, RequestsAre{filter, *bounds});
      }
    }
  }

  void Never(const Value& value) {
    const auto* elements = Elements(source_, value, "never", false);
    for (const Value& element : elements == nullptr ? Value::Array() : *elements) {
      if (element.Find("times") != nullptr) {
        source_.Fail(element.line(), "never: \"times\": what never happens has no count");
      }
      Add(element, RequestsAre{ReadFilter(source_, element, "never"), Bounds{0, 0}});
    }
  }

  void Faults(const Value& value) {
    const auto* members = Members(source_, value, "faults");
    for (const Member& member : members == nullptr ? Value::Object() : *members) {
      if (std::find(known_.faults.begin(), known_.faults.end(), member.key) ==
          known_.faults.end()) {
        const auto nearest = NearestWord(member.key, known_.faults);
        source_.Fail(
            member.line,
            Concat(
                {"faults: no such fault: \"", member.key, "\" (expected ",
                 known_.faults.empty() ? "none: the file has no faults" : Join(known_.faults, ", "),
                 nearest ? Concat({"; did you mean \"", *nearest, "\"?"}) : std::string(), ")"}));
        return;
      }
      if (const auto bounds = ReadBounds(source_, member.value, "faults")) {
        Add(member.value, FaultFired{member.key, *bounds});
      }
    }
  }

  void Output(const Value& value) {
    const auto* elements = Elements(source_, value, "output", false);
    for (const Value& element : elements == nullptr ? Value::Array() : *elements) {
      const std::string* text = element.as_string();
      if (text == nullptr || text->empty()) {
        Expected(source_, element, "output", "a text that is not empty");
        return;
      }
      Add(element, OutputHas{*text});
    }
  }

  void Diagnosis(const Value& value) {
    const auto* members = Members(source_, value, "diagnosis");
    for (const Member& member : members == nullptr ? Value::Object() : *members) {
      const auto& fields = DiagnosisFields();
      if (std::find(fields.begin(), fields.end(), member.key) == fields.end()) {
        source_.Fail(member.line, Concat({"diagnosis: no such field: \"", member.key,
                                          "\"; fields: ", Join(fields, ", ")}));
        return;
      }
      DiagnosisHas has;
      has.field = member.key;
      const Value* text = &member.value;
      if (member.value.as_object() != nullptr) {
        ObjectReader reader(source_, member.value, "diagnosis");
        text = reader.Required("not");
        reader.Finish();
        has.absent = true;
      }
      if (text == nullptr || text->as_string() == nullptr || text->as_string()->empty()) {
        Expected(source_, member.value, Concat({"diagnosis: \"", member.key, "\""}),
                 R"(a text it contains, or {"not": text})");
        return;
      }
      has.text = *text->as_string();
      Add(member.value, std::move(has));
    }
  }

 private:
  void Add(const Value& at, ExpectationKind kind) {
    read_.push_back(Expectation{at.line(), std::move(kind)});
  }

  std::optional<TagIs> ReadTag(const Member& member) {
    TagIs tag;
    tag.tag = member.key;
    const bool glob = member.key.find_first_of("*?") != std::string::npos;
    if (member.value.as_object() != nullptr) {
      ObjectReader reader(source_, member.value, Concat({"tags: \"", member.key, "\""}));
      const bool differs = reader.Read("differs-from", tag.other);
      const bool same = reader.Read("same-as", tag.other);
      reader.Finish();
      if (differs == same || !IsTag(tag.other)) {
        reader.Fail(differs ? "differs-from" : "same-as",
                    differs == same ? R"(expected either "same-as" or "differs-from")"
                                    : Concat({"expected a tag, found: \"", tag.other, "\""}));
      }
      tag.state = differs ? TagIs::State::kDiffersFrom : TagIs::State::kSameAs;
      return tag;
    }
    if (!OneOf(source_, member.value, Concat({"tags: \"", member.key, "\""}),
               {"absent", "present", "unmoved"})) {
      return std::nullopt;
    }
    const std::string& state = *member.value.as_string();
    tag.state = state == "absent"    ? TagIs::State::kAbsent
                : state == "present" ? TagIs::State::kPresent
                                     : TagIs::State::kUnmoved;
    if (glob && tag.state == TagIs::State::kPresent) {
      source_.Fail(member.line, Concat({"tags: a pattern cannot be \"present\": \"", member.key,
                                        "\" (expected the tags one by one)"}));
    }
    return tag;
  }

  Source& source_;
  const KnownNames& known_;
  std::vector<Expectation> read_;
};

bool PublishScope(Scope scope) {
  return scope == Scope::kPublish || scope == Scope::kSecond || scope == Scope::kTwin;
}

}  // namespace

bool OneOf(Source& source, const Value& value, std::string_view what,
           const std::vector<std::string>& choices) {
  const std::string* text = value.as_string();
  if (text != nullptr && std::find(choices.begin(), choices.end(), *text) != choices.end()) {
    return true;
  }
  Expected(source, value, what, Concat({"one of \"", Join(choices, "\", \""), "\""}));
  return false;
}

RequestFilter ReadFilter(Source& source, const Value& value, std::string_view what) {
  RequestFilter filter;
  ObjectReader reader(source, value, what);
  bool any = false;
  const std::array<std::pair<std::string_view, std::optional<std::string>*>, 8> fields = {{
      {"actor", &filter.actor},
      {"operation", &filter.operation},
      {"method", &filter.method},
      {"host", &filter.host},
      {"repository", &filter.repository},
      {"reference", &filter.reference},
      {"url", &filter.url},
      {"header", &filter.header},
  }};
  for (const auto& [key, into] : fields) {
    std::string text;
    if (reader.Read(key, text)) {
      *into = std::move(text);
      any = true;
    }
  }
  int status = 0;
  if (reader.Read("status", status)) {
    if (status != 0 && (status < 100 || status > 599)) {
      reader.Fail("status", "expected 0 (no answer) or an HTTP status, 100 to 599");
    }
    filter.status = status;
    any = true;
  }
  if (what == "requests") {
    reader.Optional("times");
  }
  reader.Finish();
  if (!any) {
    reader.Fail("", "names no request (expected operation, reference, status, …)");
  }
  if (filter.operation && filter.operation->find_first_of("*?") == std::string::npos) {
    OneOf(source, *value.Find("operation"), Concat({what, ": \"operation\""}), Operations());
  }
  return filter;
}

std::vector<Expectation> ReadExpectations(Source& source, const Value& value, Scope scope,
                                          const KnownNames& known) {
  ExpectationReader expectations(source, known);
  ObjectReader reader(source, value, "expect");
  const auto when = [&](bool allowed, std::string_view key, auto read) {
    const Value* found = allowed ? reader.Optional(key) : nullptr;
    if (found != nullptr) {
      read(*found);
    }
  };
  const bool publish = PublishScope(scope);
  const bool watched = scope != Scope::kDiagnose;
  using What = CountIs::What;
  when(publish, "verdict", [&](const Value& v) { expectations.Verdict(v); });
  when(publish, "exit-code", [&](const Value& v) { expectations.ExitCode(v); });
  when(publish && scope != Scope::kTwin, "parts", [&](const Value& v) { expectations.Parts(v); });
  when(publish, "builds", [&](const Value& v) { expectations.Count(v, What::kBuilds, "builds"); });
  when(watched, "blob-bytes",
       [&](const Value& v) { expectations.Count(v, What::kBlobBytes, "blob-bytes"); });
  when(watched, "waits", [&](const Value& v) { expectations.Waits(v); });
  when(watched, "took", [&](const Value& v) { expectations.Took(v); });
  when(watched, "tags", [&](const Value& v) { expectations.Tags(v); });
  when(scope == Scope::kPublish, "untagged", [&](const Value& v) { expectations.Untagged(v); });
  when(watched, "requests", [&](const Value& v) { expectations.Requests(v); });
  when(watched, "never", [&](const Value& v) { expectations.Never(v); });
  when(scope == Scope::kRun || scope == Scope::kPublish, "faults",
       [&](const Value& v) { expectations.Faults(v); });
  when(publish || scope == Scope::kAsk, "output", [&](const Value& v) { expectations.Output(v); });
  when(scope == Scope::kDiagnose, "diagnosis", [&](const Value& v) { expectations.Diagnosis(v); });
  reader.Finish();
  if (value.as_object() != nullptr && value.as_object()->empty()) {
    reader.Fail("", "names nothing: {} (leave it out, or say what must hold)");
  }
  return expectations.Take();
}

}  // namespace drydock::scenarios::reading
