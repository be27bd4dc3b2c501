#include <algorithm>
#include <array>

#include "core/text.h"
#include "simulator/faults/effects.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator::reading {
namespace {

using json::Member;
using json::ObjectReader;
using json::Source;
using json::Value;

constexpr std::array<Phase, 5> kPhases = {Phase::kRequestHead, Phase::kRequestBody, Phase::kDecide,
                                          Phase::kResponseHead, Phase::kResponseBody};

std::string Names(const std::vector<Phase>& phases) {
  std::vector<std::string> names;
  names.reserve(phases.size());
  for (const Phase phase : phases) {
    names.push_back(Concat({"\"", Name(phase), "\""}));
  }
  return Join(names, ", ");
}

bool IsToken(std::string_view text) {
  constexpr std::string_view kTokenLetters =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return !text.empty() && text.find_first_not_of(kTokenLetters) == std::string_view::npos;
}

// Nothing that would break out of its line on the wire.
bool IsOneLine(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

void CheckStatus(ObjectReader& reader, int status) {
  if (status < 200 || status > 599) {
    reader.Fail("status", Concat({"expected 200 to 599, found: ", std::to_string(status)}));
  }
}

void CheckReason(ObjectReader& reader, const std::string& reason) {
  if (!IsOneLine(reason)) {
    reader.Fail("reason", "expected one line of text");
  }
}

void ReadFields(Source& source, ObjectReader& reader, std::string_view key, Headers& into) {
  const Value* value = reader.Optional(key);
  if (value == nullptr) {
    return;
  }
  if (value->as_object() == nullptr || value->as_object()->empty()) {
    reader.Fail(key, "expected an object of header fields");
    return;
  }
  for (const Member& member : *value->as_object()) {
    const std::string* text = member.value.as_string();
    if (!IsToken(member.key) || text == nullptr || !IsOneLine(*text)) {
      source.Fail(
          member.line,
          Concat({"\"", key, "\": expected a header field's name and its value on one line, ",
                  "found: \"", member.key, "\": ", member.value.Excerpt()}));
      return;
    }
    into.Set(member.key, *text);
  }
}

Reply ReadReply(Source& source, const Value& value) {
  Reply reply;
  ObjectReader reader(source, value, "reply");
  int status = 0;
  std::string page;
  std::string text;
  std::string code;
  std::string message;
  if (reader.Require("status", status)) {
    CheckStatus(reader, status);
  }
  reply.status = status;
  reply.reason = ReasonPhrase(status);
  const bool has_page = reader.Read("page", page);
  const bool has_text = reader.Read("text", text);
  const bool has_error = reader.Read("error", code);
  if (reader.Read("message", message) && !has_error) {
    reader.Fail("message", "needs an \"error\" beside it");
  }
  if (has_page + has_text + has_error > 1) {
    reader.Fail("", R"(has more than one body (expected one of "page", "text", "error"))");
  }
  if (has_page) {
    const auto known = Page(page, status);
    if (!known) {
      reader.Fail("page", Concat({"no such page: \"", page,
                                  "\"; expected one of: ", Join(PageNames(), ", ")}));
    }
    reply = known.value_or(reply);
  } else if (has_error) {
    reply = RegistryError(status, code, message);
  } else if (has_text) {
    reply.headers.Set("Content-Type", "text/plain; charset=utf-8");
    reply.body = text;
  }
  if (reader.Read("reason", reply.reason)) {
    CheckReason(reader, reply.reason);
  }
  Headers own;
  ReadFields(source, reader, "headers", own);
  for (const auto& [name, field] : own) {
    reply.headers.Set(name, field);
  }
  reader.Finish();
  if ((status == 204 || status == 304) && !reply.body.empty()) {
    reader.Fail("status", Concat({"an answer ", std::to_string(status), " has no body"}));
  }
  return reply;
}

EditReply ReadEdit(Source& source, const Value& value) {
  EditReply edit;
  ObjectReader reader(source, value, "edit-reply");
  int status = 0;
  if (reader.Read("status", status)) {
    CheckStatus(reader, status);
    edit.status = status;
  }
  std::string reason;
  if (reader.Read("reason", reason)) {
    CheckReason(reader, reason);
    edit.reason = reason;
  }
  if (ReadTexts(reader, "drop", edit.drop) &&
      !std::all_of(edit.drop.begin(), edit.drop.end(), IsToken)) {
    reader.Fail("drop", "expected names of header fields");
  }
  ReadFields(source, reader, "set", edit.set);
  ReadFields(source, reader, "add", edit.add);
  reader.Finish();
  if (!edit.status && !edit.reason && edit.drop.empty() && edit.set.fields().empty() &&
      edit.add.fields().empty()) {
    reader.Fail("", R"(changes nothing (expected "status", "reason", "drop", "set" or "add"))");
  }
  return edit;
}

Commit ReadCommit(Source& source, const Value& value) {
  Commit commit;
  if (const std::string* text = value.as_string()) {
    commit.mode = *text == "apply" ? Commit::Mode::kApply : Commit::Mode::kNone;
    if (*text != "apply" && *text != "none") {
      source.Fail(
          value.line(),
          Concat({R"(commit: expected "apply", "none", {"after": …} or {"bytes": …}, found: )",
                  value.Excerpt()}));
    }
    return commit;
  }
  ObjectReader reader(source, value, "commit");
  const bool later = reader.Read("after", commit.delay);
  const bool partly = reader.Read("bytes", commit.bytes);
  reader.Finish();
  if (later == partly) {
    reader.Fail("", R"(expected either "after" or "bytes")");
  }
  commit.mode = later ? Commit::Mode::kLater : Commit::Mode::kPartly;
  return commit;
}

// Where an effect may bind; the first is the default, none means it must be said.
struct Places {
  std::vector<Phase> allowed;
  bool must_say = false;
};

Places PlacesFor(const FaultRule& rule) {
  switch (rule.commit.mode) {
    case Commit::Mode::kApply:
      return {{Phase::kResponseHead}};
    case Commit::Mode::kNone:
    case Commit::Mode::kLater:
      return {{Phase::kDecide}};
    case Commit::Mode::kPartly:
      return {{Phase::kRequestBody}};
    case Commit::Mode::kAsPhase:
      break;
  }
  if (std::holds_alternative<Reply>(rule.answer)) {
    return {{Phase::kDecide, Phase::kRequestHead}};
  }
  if (std::holds_alternative<EditReply>(rule.answer)) {
    return {{Phase::kResponseHead}};
  }
  return {{kPhases.begin(), kPhases.end()}, /*must_say=*/true};
}

void BindPhase(ObjectReader& reader, FaultRule& rule) {
  const Places places = PlacesFor(rule);
  rule.phase = places.allowed.front();
  std::string at;
  if (!reader.Read("at", at)) {
    if (places.must_say) {
      reader.Fail("",
                  Concat({"a cut needs \"at\" (expected one of: ", Names(places.allowed), ")"}));
    }
    return;
  }
  if (places.allowed.size() == 1) {
    reader.Fail("at",
                Concat({"this effect always acts at \"", Name(rule.phase), "\" (leave it out)"}));
    return;
  }
  const auto named =
      std::find_if(kPhases.begin(), kPhases.end(), [&](Phase phase) { return Name(phase) == at; });
  if (named == kPhases.end() ||
      std::find(places.allowed.begin(), places.allowed.end(), *named) == places.allowed.end()) {
    reader.Fail("at", Concat({"this effect cannot apply at \"", at,
                              "\" (expected one of: ", Names(places.allowed), ")"}));
    return;
  }
  rule.phase = *named;
}

void BindPosition(ObjectReader& reader, FaultRule& rule) {
  std::uint64_t bytes = 0;
  const bool given = reader.Read("after-bytes", bytes);
  auto* cut = std::get_if<CutConnection>(&rule.answer);
  const bool in_body = cut != nullptr && rule.commit.mode == Commit::Mode::kAsPhase &&
                       (rule.phase == Phase::kRequestBody || rule.phase == Phase::kResponseBody);
  if (given && !in_body) {
    reader.Fail("after-bytes", R"(belongs to a cut at "request-body" or "response-body")");
  } else if (!given && in_body) {
    reader.Fail("", Concat({"a cut at \"", Name(rule.phase), "\" needs \"after-bytes\""}));
  } else if (given) {
    cut->after_bytes = bytes;
  }
}

void ReadCut(ObjectReader& reader, FaultRule& rule) {
  std::string manner;
  if (!reader.Read("cut", manner)) {
    return;
  }
  if (manner != "rst" && manner != "fin") {
    reader.Fail("cut", Concat({"expected \"rst\" or \"fin\", found: \"", manner, "\""}));
  }
  rule.answer =
      CutConnection{manner == "fin" ? Cut::Manner::kFin : Cut::Manner::kRst, std::nullopt};
}

}  // namespace

void ReadDo(Source& source, const Value& value, FaultRule& rule) {
  ObjectReader reader(source, value, "do");
  const Value* reply = reader.Optional("reply");
  const Value* edit = reader.Optional("edit-reply");
  const Value* cut = reader.Optional("cut");
  const Value* commit = reader.Optional("commit");
  if ((reply != nullptr) + (edit != nullptr) + (cut != nullptr) > 1) {
    reader.Fail("",
                R"(tells the client two things (expected one of "reply", "edit-reply", "cut"))");
  }
  if (reply != nullptr) {
    rule.answer = ReadReply(source, *reply);
  }
  if (edit != nullptr) {
    rule.answer = ReadEdit(source, *edit);
  }
  ReadCut(reader, rule);
  if (commit != nullptr) {
    rule.commit = ReadCommit(source, *commit);
  }
  const Commit::Mode mode = rule.commit.mode;
  const bool silent = std::holds_alternative<std::monostate>(rule.answer);
  if (silent && commit == nullptr) {
    reader.Fail("", R"(does nothing (expected "reply", "edit-reply", "cut" or "commit"))");
  } else if (silent && mode != Commit::Mode::kPartly) {
    reader.Fail("commit", R"(needs a "reply" or "cut" beside it: what the client is told)");
  } else if (edit != nullptr && commit != nullptr) {
    reader.Fail("commit", R"("edit-reply" changes the genuine answer to work that is done)");
  }
  BindPhase(reader, rule);
  BindPosition(reader, rule);
  reader.Finish();
}

}  // namespace drydock::simulator::reading
