#include "simulator/faults/rule.h"

#include "core/text.h"

namespace drydock::simulator {
namespace {

std::string Work(const Commit& commit) {
  switch (commit.mode) {
    case Commit::Mode::kAsPhase:
      return "";
    case Commit::Mode::kApply:
      return "work done";
    case Commit::Mode::kNone:
      return "work not done";
    case Commit::Mode::kLater:
      return Concat({"work done ", FormatDuration(commit.delay), " later"});
    case Commit::Mode::kPartly:
      return Concat({"work done with ", std::to_string(commit.bytes), " bytes"});
  }
  return "";
}

std::string Seen(const ReadView& view) {
  std::string text = "read-view";
  const std::pair<std::string_view, const std::optional<Duration>*> spans[] = {
      {"lag", &view.lag},
      {"replication", &view.replication},
      {"miss-cache", &view.miss_cache},
      {"hit-cache", &view.hit_cache}};
  for (const auto& [name, span] : spans) {
    text += *span ? Concat({" ", name, " ", FormatDuration(**span)}) : "";
  }
  text += view.previous ? " previous" : "";
  return text + (view.truncate ? Concat({" truncate ", std::to_string(*view.truncate)}) : "");
}

std::string Place(const FaultRule& rule) {
  if (rule.after_bytes == kEndOfBody) {
    return " after all bytes";
  }
  return rule.after_bytes ? Concat({" after ", std::to_string(*rule.after_bytes), " bytes"}) : "";
}

// What the client is told; each effect knows its own.
struct Describer {
  const FaultRule& rule;

  std::string operator()(std::monostate /*none*/) const { return ""; }
  std::string operator()(const Reply& reply) const {
    return Concat({"reply ", std::to_string(reply.status)});
  }
  std::string operator()(const EditReply& /*edit*/) const { return "edit-reply"; }
  std::string operator()(const CutConnection& cut) const {
    return Concat({"cut ", cut.manner == Cut::Manner::kRst ? "rst" : "fin", Place(rule)});
  }
  std::string operator()(const EarlyReply& early) const { return Describe(early) + Place(rule); }
  std::string operator()(const RawReply& raw) const { return Describe(raw); }
  std::string operator()(const ChangeBytes& change) const { return Describe(change); }
  std::string operator()(const ConnectFault& fault) const { return Describe(fault); }
  std::string operator()(const Redirect& redirect) const { return Describe(redirect); }
  std::string operator()(const Throttle& throttle) const { return Describe(throttle); }
  std::string operator()(const ReadView& view) const { return Seen(view); }
  std::string operator()(const Policy& policy) const {
    std::vector<std::string> texts;
    for (const auto& [name, value] : policy.traits) {
      texts.push_back(Concat({name, "=", value}));
    }
    return Concat({"policy ", Join(texts, " ")});
  }
  std::string operator()(const Limiter& limiter) const {
    return Concat({"bucket of ", std::to_string(limiter.bucket.size), ", then reply ",
                   std::to_string(limiter.refusal.status)});
  }
  std::string operator()(const Script& script) const {
    const std::size_t acts = script.deeds.size() + script.arm.size() + script.disarm.size();
    const bool later = script.after != Duration();
    return Concat({"actor does ", std::to_string(acts), acts == 1 ? " thing" : " things",
                   later ? " after " : "", later ? FormatDuration(script.after) : ""});
  }
};

}  // namespace

std::string_view Name(Phase phase) {
  switch (phase) {
    case Phase::kLookup:
      return "lookup";
    case Phase::kTcp:
      return "tcp";
    case Phase::kTls:
      return "tls";
    case Phase::kRequestHead:
      return "request-head";
    case Phase::kAdmit:
      return "admit";
    case Phase::kRequestBody:
      return "request-body";
    case Phase::kSessionBody:
      return "session-body";
    case Phase::kDecide:
      return "decide";
    case Phase::kResponseHead:
      return "response-head";
    case Phase::kResponseBody:
      return "response-body";
  }
  return "";
}

std::string_view Name(Key key) {
  switch (key) {
    case Key::kClient:
      return "client";
    case Key::kAddress:
      return "address";
    case Key::kConnection:
      return "connection";
    case Key::kHost:
      return "host";
    case Key::kReplica:
      return "replica";
    case Key::kRepository:
      return "repository";
    case Key::kSession:
      return "session";
    case Key::kDigest:
      return "digest";
    case Key::kTag:
      return "tag";
  }
  return "";
}

std::string Describe(const FaultRule& rule) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::string part) {
    if (!part.empty()) {
      parts.push_back(std::move(part));
    }
  };
  add(rule.hold ? Describe(*rule.hold) + Place(rule) : "");
  add(std::visit(Describer{rule}, rule.answer));
  add(Work(rule.commit));
  return Join(parts, ", ");
}

}  // namespace drydock::simulator
