#include "simulator/faults/early_reply.h"

#include <array>
#include <utility>

#include "core/text.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator {
namespace {

constexpr std::array<std::pair<std::string_view, EarlyReply::Then>, 3> kThens = {
    {{"drain", EarlyReply::Then::kDrain},
     {"stop", EarlyReply::Then::kStop},
     {"close", EarlyReply::Then::kClose}}};

}  // namespace

std::string Describe(const EarlyReply& early) {
  for (const auto& [name, then] : kThens) {
    if (then == early.then) {
      return Concat({"early-reply ", std::to_string(early.reply.status), ", then ", name});
    }
  }
  return "";
}

namespace reading {

void ReadEarlyReply(json::Source& source, const json::Value& value, FaultRule& rule) {
  EarlyReply early;
  json::ObjectReader reader(source, value, "early-reply");
  early.reply = ReadReplyMembers(source, reader);
  std::string text = "drain";
  reader.Read("then", text);
  bool known = false;
  for (const auto& [name, then] : kThens) {
    if (text == name) {
      early.then = then;
      known = true;
    }
  }
  if (!known) {
    reader.Fail("then", Concat({R"(expected "drain", "stop" or "close", found: ")", text, "\""}));
  }
  reader.Finish();
  rule.answer = std::move(early);
}

}  // namespace reading
}  // namespace drydock::simulator
