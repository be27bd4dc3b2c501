#include <algorithm>
#include <utility>

#include "core/reference.h"
#include "core/text.h"
#include "scenarios/runner/reader.h"

namespace drydock::scenarios::reading {
namespace {

using json::Member;
using json::ObjectReader;
using json::Source;
using json::Value;

constexpr std::size_t kStepsMost = 1000;
constexpr std::chrono::minutes kTimeoutUsual{1};
constexpr std::chrono::hours kTimeoutMost{1};
constexpr std::uint64_t kPageCharactersMost = 100'000;
constexpr int kAttemptsMost = 10;
constexpr std::uint64_t kHashFilesMost = 1'000'000;
constexpr std::uint64_t kHashBytesMost = 64ULL << 30;

const std::vector<std::string>& Kinds() {
  static const std::vector<std::string> kNames = {
      "ci-publish", "host-publish", "host-script", "diagnose", "hash", "wait",
      "faults",     "project",      "npm",         "hub-page", "ask",  "run"};
  return kNames;
}

std::optional<KillSpec> ReadKill(Source& source, const Value& value) {
  KillSpec kill;
  ObjectReader reader(source, value, "kill");
  const Value* after = reader.Required("after");
  reader.Read("count", kill.count);
  reader.Finish();
  if (kill.count < 1) {
    reader.Fail("count", Concat({"expected 1 or more, found: ", std::to_string(kill.count)}));
  }
  if (after != nullptr) {
    kill.after = ReadFilter(source, *after, "kill: \"after\"");
  }
  return kill;
}

std::map<std::string, script::Trouble> ReadTrouble(Source& source, const Value& value) {
  std::map<std::string, script::Trouble> read;
  if (value.as_object() == nullptr) {
    source.Fail(value.line(),
                Concat({"trouble: expected what happens to which part, found: ", value.Excerpt()}));
    return read;
  }
  for (const Member& member : *value.as_object()) {
    script::Trouble trouble;
    ObjectReader reader(source, member.value, Concat({"trouble: \"", member.key, "\""}));
    const bool hangs = reader.Read("hangs", trouble.hangs);
    const bool fails = reader.Read("fails", trouble.fails);
    reader.Finish();
    if (hangs == fails) {
      reader.Fail("", R"(expected either "hangs" (how long) or "fails" (with which words))");
    }
    read[member.key] = std::move(trouble);
  }
  return read;
}

StepAction ReadPublish(Source& source, const Value& value, const std::string& kind) {
  PublishStep step;
  step.publisher = kind == "ci-publish"    ? Publisher::kCi
                   : kind == "host-script" ? Publisher::kHostScript
                                           : Publisher::kHost;
  step.cache = step.publisher == Publisher::kCi;
  ObjectReader reader(source, value, kind);
  reader.Read("run", step.run);
  reader.Read("note", step.note);
  reader.Read("cache", step.cache);
  if (step.publisher == Publisher::kCi && reader.Read("attempts", step.attempts) &&
      (step.attempts < 1 || step.attempts > kAttemptsMost)) {
    reader.Fail("attempts", Concat({"expected 1 to 10, found: ", std::to_string(step.attempts)}));
  }
  if (step.publisher == Publisher::kCi) {
    reader.Read("jobs", step.jobs);
    reader.Read("workflow", step.workflow);
    if (reader.Read("rerun", step.rerun)) {
      step.rerun = Concat({"ci-publish ", step.rerun});
    }
    if (const Value* trouble = reader.Optional("trouble")) {
      step.trouble = ReadTrouble(source, *trouble);
    }
  }
  if (step.publisher == Publisher::kHost) {
    reader.Read("resume", step.resume);
    reader.Read("only", step.only);
    reader.Read("plan", step.plan);
    if (reader.Read("from-ci", step.from_ci)) {
      step.from_ci = Concat({"ci-publish ", step.from_ci});
    }
    reader.Read("from-base-latest", step.from_base_latest);
  }
  if (const Value* kill = reader.Optional("kill")) {
    step.kill = ReadKill(source, *kill);
  }
  reader.Finish();
  return step;
}

StepAction ReadHash(Source& source, const Value& value) {
  HashStep step;
  ObjectReader reader(source, value, "hash");
  if (reader.Require("files", step.files) && (step.files < 1 || step.files > kHashFilesMost)) {
    reader.Fail("files", "expected 1 to 1000000");
  }
  if (reader.Require("bytes", step.bytes) && step.bytes > kHashBytesMost) {
    reader.Fail("bytes", "expected at most 68719476736 (64 GiB)");
  }
  if (reader.Require("base-hash", step.base_hash) &&
      (step.base_hash.size() != 12 ||
       step.base_hash.find_first_not_of("0123456789abcdef") != std::string::npos)) {
    reader.Fail("base-hash",
                Concat({"expected 12 lower-case hex digits, found: \"", step.base_hash, "\""}));
  }
  if (const Value* ratio = reader.Optional("ratio-at-least")) {
    const auto number = ratio->as_number();
    if (!number || *number < 0 || *number > 1) {
      reader.Fail("ratio-at-least", "expected a number from 0 to 1");
    }
    step.ratio_least = number.value_or(0);
  }
  if (reader.Read("rounds", step.rounds) && (step.rounds < 1 || step.rounds > 99)) {
    reader.Fail("rounds", "expected 1 to 99");
  }
  reader.Finish();
  return step;
}

StepAction ReadWait(Source& source, const Value& value) {
  WaitStep step;
  ObjectReader reader(source, value, "wait");
  const bool span = reader.Read("for", step.span);
  TimePoint until{};
  if (reader.Read("until", until)) {
    step.until = until;
  }
  reader.Finish();
  if (span == step.until.has_value()) {
    reader.Fail("", R"(expected either "for" or "until")");
  }
  return step;
}

StepAction ReadSwitch(Source& source, const Value& value, const KnownNames& known) {
  FaultSwitchStep step;
  ObjectReader reader(source, value, "faults");
  std::vector<std::string> off;
  const bool on = reader.Read("on", step.rules);
  if (reader.Read("off", off)) {
    step.on = false;
    if (on) {
      reader.Fail("off", R"(expected either "on" or "off")");
    }
    step.rules = std::move(off);
  }
  reader.Finish();
  if (step.rules.empty()) {
    reader.Fail("", "names no fault");
  }
  for (const std::string& rule : step.rules) {
    if (std::find(known.faults.begin(), known.faults.end(), rule) == known.faults.end()) {
      reader.Fail(step.on ? "on" : "off",
                  Concat({"no such fault: \"", rule,
                          "\" (expected one of: ", Join(known.faults, ", "), ")"}));
    }
  }
  return step;
}

StepAction ReadProjectStep(Source& source, const Value& value, const std::string& folder) {
  ProjectStep step;
  ObjectReader reader(source, value, "project");
  if (reader.Read("tag", step.tag) && !IsTag(step.tag)) {
    reader.Fail("tag", Concat({"expected a tag such as \"v1.15.12\", found: \"", step.tag, "\""}));
  }
  std::string relative;
  if (reader.Read("template", relative)) {
    step.folder = ReadTemplate(source, reader, relative, folder);
  }
  step.files = ReadFiles(source, reader, "files");
  ReadModesAndLinks(source, reader, step);
  ReadWorkTree(source, reader, step);
  reader.Finish();
  return step;
}

StepAction ReadNpmStep(Source& source, const Value& value) {
  NpmStep step{simulator::ReadNpmPackages(source, value)};
  if (std::any_of(step.packages.begin(), step.packages.end(),
                  [](const auto& package) { return package.tarball_from.has_value(); })) {
    source.Fail(value.line(),
                R"(npm: "tarball-from" is a fault of the world: expected in "world")");
  }
  return step;
}

// The text, repeated or cut to so many characters where the step asks for that.
StepAction ReadHubPage(Source& source, const Value& value) {
  HubPageStep step;
  std::string text;
  std::uint64_t characters = 0;
  ObjectReader reader(source, value, "hub-page");
  reader.Require("text", text);
  const bool sized = reader.Read("characters", characters);
  reader.Finish();
  // A text without any first byte of a character would be repeated for ever.
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  if (text.empty() || !begins(text.front()) ||
      (sized && (characters < 1 || characters > kPageCharactersMost))) {
    const bool no_text = text.empty() || !begins(text.front());
    reader.Fail(no_text ? "text" : "characters", no_text ? "is empty" : "expected 1 to 100000");
    return step;
  }
  if (!sized) {
    step.text = std::move(text);
    return step;
  }
  for (std::size_t at = 0;; at = (at + 1) % text.size()) {
    if (begins(text[at]) && characters-- == 0) {
      break;
    }
    step.text += text[at];
  }
  return step;
}

StepAction ReadAsk(Source& source, const Value& value) {
  AskStep step;
  const auto url = Url::Parse(value.as_string() == nullptr ? "" : *value.as_string());
  if (!url) {
    source.Fail(value.line(), Concat({"ask: expected a URL to GET, found: ", value.Excerpt()}));
    return step;
  }
  step.url = *url;
  return step;
}

StepAction ReadRun(Source& source, const Value& value) {
  RunStep step;
  ObjectReader reader(source, value, "run");
  reader.Read("run", step.run);
  if (reader.Require("command", step.command) && step.command.empty()) {
    reader.Fail("command", R"(names nothing: [] (expected a program and its arguments))");
  }
  step.timeout = kTimeoutUsual;
  if (reader.Read("timeout", step.timeout) &&
      (step.timeout < std::chrono::seconds(1) || step.timeout > kTimeoutMost)) {
    reader.Fail("timeout", Concat({"expected 1s to 1h, found: ", FormatDuration(step.timeout)}));
  }
  reader.Finish();
  return step;
}

StepAction ReadAction(Source& source, const Member& member, const KnownNames& known) {
  const std::string& kind = member.key;
  if (kind == "diagnose") {
    ObjectReader(source, member.value, kind).Finish();
    return DiagnoseStep{};
  }
  if (kind == "hash") {
    return ReadHash(source, member.value);
  }
  if (kind == "wait") {
    return ReadWait(source, member.value);
  }
  if (kind == "faults") {
    return ReadSwitch(source, member.value, known);
  }
  if (kind == "project") {
    return ReadProjectStep(source, member.value, known.folder);
  }
  if (kind == "npm") {
    return ReadNpmStep(source, member.value);
  }
  if (kind == "hub-page") {
    return ReadHubPage(source, member.value);
  }
  if (kind == "ask") {
    return ReadAsk(source, member.value);
  }
  if (kind == "run") {
    return ReadRun(source, member.value);
  }
  return ReadPublish(source, member.value, kind);
}

std::string NameOf(const std::string& kind, const StepAction& action) {
  if (const auto* run = std::get_if<RunStep>(&action); run != nullptr && !run->run.empty()) {
    return Concat({kind, " ", run->run});
  }
  const auto* publish = std::get_if<PublishStep>(&action);
  return publish == nullptr || publish->run.empty() ? kind : Concat({kind, " ", publish->run});
}

Scope ScopeOf(const StepAction& action) {
  if (std::holds_alternative<PublishStep>(action) || std::holds_alternative<RunStep>(action)) {
    return Scope::kPublish;
  }
  return std::holds_alternative<DiagnoseStep>(action) ? Scope::kDiagnose
         : std::holds_alternative<AskStep>(action) || std::holds_alternative<HubPageStep>(action)
             ? Scope::kAsk
             : Scope::kStep;
}

std::optional<Step> ReadStep(Source& source, const Value& value, const KnownNames& known) {
  Step step;
  step.line = value.line();
  ObjectReader reader(source, value, "step");
  const Member* action = nullptr;
  for (const std::string& kind : Kinds()) {
    if (reader.Optional(kind) == nullptr) {
      continue;
    }
    if (action != nullptr) {
      reader.Fail(kind,
                  Concat({"a step does one thing; this one already has \"", action->key, "\""}));
      return std::nullopt;
    }
    for (const Member& member : *value.as_object()) {
      if (member.key == kind) {
        action = &member;
      }
    }
  }
  const Value* expect = reader.Optional("expect");
  reader.Finish();
  if (action == nullptr) {
    reader.Fail("", Concat({"does nothing (expected one of: ", Join(Kinds(), ", "), ")"}));
    return std::nullopt;
  }
  step.action = ReadAction(source, *action, known);
  step.name = NameOf(action->key, step.action);
  if (expect != nullptr) {
    step.expect = ReadExpectations(source, *expect, ScopeOf(step.action), known);
    if (std::holds_alternative<RunStep>(step.action)) {
      CheckWords(source, step.expect, Publisher::kHostScript);
    }
  }
  return step;
}

}  // namespace

std::vector<Step> ReadSteps(Source& source, const Value& value, const KnownNames& known) {
  std::vector<Step> steps;
  if (value.as_array() == nullptr || value.as_array()->empty()) {
    source.Fail(value.line(), "steps: expected an array with at least one step");
    return steps;
  }
  if (value.as_array()->size() > kStepsMost) {
    source.Fail(value.line(), Concat({"steps: expected at most ", std::to_string(kStepsMost),
                                      ", found: ", std::to_string(value.as_array()->size())}));
    return steps;
  }
  for (const Value& element : *value.as_array()) {
    auto step = ReadStep(source, element, known);
    if (!step) {
      continue;
    }
    const auto taken = [&](const std::string& name) {
      return std::any_of(steps.begin(), steps.end(),
                         [&](const Step& other) { return other.name == name; });
    };
    const auto* publish = std::get_if<PublishStep>(&step->action);
    if (publish != nullptr) {
      CheckWords(source, *step, *publish, known);
    }
    for (const std::string& named : publish == nullptr
                                        ? std::vector<std::string>()
                                        : std::vector{publish->from_ci, publish->rerun}) {
      if (!named.empty() && !taken(named)) {
        source.Fail(step->line, Concat({step->name, ": no such step before it: \"", named, "\""}));
      }
    }
    if (publish == nullptr) {
      const std::string kind = step->name;
      for (int ordinal = 2; taken(step->name); ++ordinal) {
        step->name = Concat({kind, " (", std::to_string(ordinal), ")"});
      }
    } else if (taken(step->name)) {
      source.Fail(step->line, Concat({"step: another step has this name: \"", step->name,
                                      "\" (expected a \"run\" that tells them apart)"}));
    }
    steps.push_back(std::move(*step));
  }
  return steps;
}

}  // namespace drydock::scenarios::reading
