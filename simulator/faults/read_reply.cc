// The effects that give an answer or change one. Threads: pure functions. Source: incidents.md 9.2
// (P1, P2).
#include <algorithm>

#include "core/text.h"
#include "simulator/faults/effects.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator::reading {
namespace {

using json::Member;
using json::ObjectReader;
using json::Source;
using json::Value;

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

}  // namespace

Reply ReadReplyMembers(Source& source, ObjectReader& reader) {
  Reply reply;
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
  if ((status == 204 || status == 304) && !reply.body.empty()) {
    reader.Fail("status", Concat({"an answer ", std::to_string(status), " has no body"}));
  }
  return reply;
}

void ReadReply(Source& source, const Value& value, FaultRule& rule) {
  ObjectReader reader(source, value, "reply");
  rule.answer = ReadReplyMembers(source, reader);
  reader.Finish();
}

void ReadEditReply(Source& source, const Value& value, FaultRule& rule) {
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
  rule.answer = std::move(edit);
}

}  // namespace drydock::simulator::reading
