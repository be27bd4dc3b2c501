#include <algorithm>
#include <optional>

#include "core/text.h"
#include "simulator/faults/effect_kind.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator::reading {
namespace {

using json::ObjectReader;
using json::Source;
using json::Value;

std::string Names(const std::vector<Phase>& phases) {
  std::vector<std::string> names;
  names.reserve(phases.size());
  for (const Phase phase : phases) {
    names.push_back(Concat({"\"", Name(phase), "\""}));
  }
  return Join(names, ", ");
}

// Where `commit` lets a rule act; none: where the effect beside it may.
std::optional<Phase> PhaseOf(const Commit& commit) {
  switch (commit.mode) {
    case Commit::Mode::kApply:
      return Phase::kResponseHead;
    case Commit::Mode::kNone:
    case Commit::Mode::kLater:
      return Phase::kDecide;
    case Commit::Mode::kPartly:
      return Phase::kRequestBody;
    case Commit::Mode::kAsPhase:
      break;
  }
  return std::nullopt;
}

void BindPhase(ObjectReader& reader, FaultRule& rule, const EffectKind& kind) {
  const auto fixed = PhaseOf(rule.commit);
  const auto* connect = std::get_if<ConnectFault>(&rule.answer);
  const std::vector<Phase> allowed = fixed                ? std::vector{*fixed}
                                     : connect != nullptr ? PhasesOf(*connect)
                                                          : kind.phases;
  rule.phase = allowed.front();
  std::string at;
  if (!reader.Read("at", at)) {
    if (!fixed && kind.must_say_phase) {
      reader.Fail(
          "", Concat({"\"", kind.name, "\" needs \"at\" (expected one of: ", Names(allowed), ")"}));
    }
    return;
  }
  if (allowed.size() == 1) {
    reader.Fail("at",
                Concat({"this effect always acts at \"", Name(rule.phase), "\" (leave it out)"}));
    return;
  }
  const auto named =
      std::find_if(allowed.begin(), allowed.end(), [&](Phase phase) { return Name(phase) == at; });
  if (named == allowed.end()) {
    reader.Fail("at", Concat({"this effect cannot apply at \"", at,
                              "\" (expected one of: ", Names(allowed), ")"}));
    return;
  }
  rule.phase = *named;
}

void BindPosition(ObjectReader& reader, FaultRule& rule, const EffectKind& kind) {
  using AtByte = EffectKind::AtByte;
  std::uint64_t bytes = 0;
  const Value* member = reader.Optional("after-bytes");
  const bool given = member != nullptr;
  const bool all = given && member->as_string() != nullptr && *member->as_string() == "all";
  if (all) {
    bytes = kEndOfBody;
    if (rule.phase != Phase::kResponseBody || !std::holds_alternative<CutConnection>(rule.answer)) {
      reader.Fail("after-bytes", R"("all" belongs to a cut at "response-body")");
    }
  } else {
    reader.Read("after-bytes", bytes);
  }
  const bool in_body = kind.at_byte != AtByte::kNever &&
                       rule.commit.mode == Commit::Mode::kAsPhase &&
                       (rule.phase == Phase::kRequestBody || rule.phase == Phase::kSessionBody ||
                        rule.phase == Phase::kResponseBody);
  if (given && !in_body) {
    reader.Fail("after-bytes",
                Concat({"belongs to an effect that acts within a body, at \"request-body\", ",
                        "\"session-body\" or \"response-body\""}));
  } else if (!given && in_body &&
             (kind.at_byte == AtByte::kMustSay || rule.phase == Phase::kSessionBody)) {
    reader.Fail(
        "", Concat({"\"", kind.name, "\" at \"", Name(rule.phase), "\" needs \"after-bytes\""}));
  } else if (in_body) {
    rule.after_bytes = bytes;
  }
}

std::string NamesOfEffects() {
  std::vector<std::string> names;
  for (const EffectKind& kind : EffectKinds()) {
    names.push_back(Concat({"\"", kind.name, "\""}));
  }
  return Join(names, ", ");
}

// Reads the effects. Gives the one that says where the rule acts; null when there is none.
const EffectKind* ReadEffects(Source& source, ObjectReader& reader, FaultRule& rule) {
  const EffectKind* main = nullptr;
  for (const EffectKind& kind : EffectKinds()) {
    const Value* member = reader.Optional(kind.name);
    if (member == nullptr) {
      continue;
    }
    kind.read(source, *member, rule);
    if (main == nullptr) {
      main = &kind;
    } else if (!kind.beside) {
      reader.Fail("", Concat({"has two effects: \"", main->name, "\" and \"", kind.name,
                              "\" (a rule has one)"}));
    }
  }
  return main;
}

void CheckCommit(ObjectReader& reader, const FaultRule& rule, const EffectKind& main) {
  const bool silent = std::holds_alternative<std::monostate>(rule.answer);
  if (rule.commit.mode == Commit::Mode::kAsPhase) {
    return;
  }
  if (silent && rule.commit.mode != Commit::Mode::kPartly) {
    reader.Fail("commit", R"(needs a "reply" or "cut" beside it: what the client is told)");
  } else if (!silent && !main.with_commit) {
    reader.Fail("commit", Concat({"cannot stand beside \"", main.name,
                                  "\", which says itself what becomes of the work"}));
  }
}

}  // namespace

void ReadCommit(Source& source, const Value& value, FaultRule& rule) {
  Commit& commit = rule.commit;
  if (const std::string* text = value.as_string()) {
    commit.mode = *text == "apply" ? Commit::Mode::kApply : Commit::Mode::kNone;
    if (*text != "apply" && *text != "none") {
      source.Fail(
          value.line(),
          Concat({R"(commit: expected "apply", "none", {"after": …} or {"bytes": …}, found: )",
                  value.Excerpt()}));
    }
    return;
  }
  ObjectReader reader(source, value, "commit");
  const bool later = reader.Read("after", commit.delay);
  const bool partly = reader.Read("bytes", commit.bytes);
  reader.Finish();
  if (later == partly) {
    reader.Fail("", R"(expected either "after" or "bytes")");
  }
  commit.mode = later ? Commit::Mode::kLater : Commit::Mode::kPartly;
}

void ReadCut(Source& source, const Value& value, FaultRule& rule) {
  const std::string* manner = value.as_string();
  if (manner == nullptr || (*manner != "rst" && *manner != "fin")) {
    source.Fail(value.line(),
                Concat({"cut: expected \"rst\" or \"fin\", found: ", value.Excerpt()}));
    return;
  }
  rule.answer = CutConnection{*manner == "fin" ? Cut::Manner::kFin : Cut::Manner::kRst};
}

void ReadDo(Source& source, const Value& value, FaultRule& rule) {
  ObjectReader reader(source, value, "do");
  const EffectKind* main = ReadEffects(source, reader, rule);
  if (main == nullptr) {
    reader.Fail("", Concat({"does nothing (expected one of: ", NamesOfEffects(), ")"}));
    return;
  }
  rule.beside = main->silent;
  if (rule.beside && (rule.hold || rule.commit.mode != Commit::Mode::kAsPhase)) {
    reader.Fail("", Concat({"\"", main->name, "\" answers nothing (write a rule of its own)"}));
    return;
  }
  CheckCommit(reader, rule, *main);
  if (!source.ok()) {
    return;  // without its effect it has no phase
  }
  BindPhase(reader, rule, *main);
  BindPosition(reader, rule, *main);
  const auto* change = std::get_if<ChangeBytes>(&rule.answer);
  if (change != nullptr && rule.phase == Phase::kRequestBody) {
    if (!change->encoding.empty() || change->gzip) {
      reader.Fail("at", R"("encoding" and "coded" are about an answer)");
    } else if (change->stored) {
      reader.Fail("at", R"("stored" is about what was taken in already)");
    }
  }
  const auto* throttle = std::get_if<Throttle>(&rule.answer);
  if (throttle != nullptr && throttle->up && rule.phase == Phase::kResponseHead) {
    reader.Fail("at", "\"up\" slows the request's body, which has come by then");
  }
  reader.Finish();
}

}  // namespace drydock::simulator::reading
