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

std::string Told(const FaultRule& rule) {
  if (const auto* reply = std::get_if<Reply>(&rule.answer)) {
    return Concat({"reply ", std::to_string(reply->status)});
  }
  if (std::holds_alternative<EditReply>(rule.answer)) {
    return "edit-reply";
  }
  if (const auto* cut = std::get_if<CutConnection>(&rule.answer)) {
    const std::string place =
        rule.after_bytes ? Concat({" after ", std::to_string(*rule.after_bytes), " bytes"}) : "";
    return Concat({"cut ", cut->manner == Cut::Manner::kRst ? "rst" : "fin", place});
  }
  return "";
}

}  // namespace

std::string_view Name(Phase phase) {
  switch (phase) {
    case Phase::kRequestHead:
      return "request-head";
    case Phase::kRequestBody:
      return "request-body";
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
    case Key::kConnection:
      return "connection";
    case Key::kHost:
      return "host";
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
  const std::string told = Told(rule);
  const std::string work = Work(rule.commit);
  return told.empty() || work.empty() ? told + work : Concat({told, ", ", work});
}

}  // namespace drydock::simulator
