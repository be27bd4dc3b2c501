#include "simulator/faults/hold.h"

#include "core/text.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator {

std::string Describe(const Hold& hold) {
  const std::string span = hold.span ? FormatDuration(*hold.span) : "for ever";
  return hold.until ? Concat({"hold until released, at most ", span}) : Concat({"hold ", span});
}

namespace reading {
namespace {

constexpr Duration kReleasedAtLast = std::chrono::minutes(10);

void ReadHoldObject(json::Source& source, const json::Value& value, Hold& hold) {
  json::ObjectReader reader(source, value, "hold");
  const json::Value* until = reader.Required("until");
  Duration span = kReleasedAtLast;
  reader.Read("at-most", span);
  reader.Finish();
  hold.span = span;
  if (until != nullptr) {
    json::ObjectReader event(source, *until, "until");
    hold.until = ReadPattern(source, event);
    if (hold.until->operations.empty()) {
      event.Fail("", "missing key \"operation\" (expected the event that ends the hold)");
    }
    event.Finish();
  }
}

}  // namespace

void ReadHold(json::Source& source, const json::Value& value, FaultRule& rule) {
  Hold hold;
  const std::string* text = value.as_string();
  if (text == nullptr && value.as_object() != nullptr) {
    ReadHoldObject(source, value, hold);
  } else if (text == nullptr || *text != "forever") {
    hold.span = text == nullptr ? std::nullopt : ParseDuration(*text);
    if (!hold.span || *hold.span <= Duration::zero()) {
      source.Fail(value.line(),
                  Concat({R"(hold: expected a time such as "30s", "forever" or )",
                          R"({"until": …, "at-most": …}, found: )", value.Excerpt()}));
    }
  }
  rule.hold = hold;
}

}  // namespace reading
}  // namespace drydock::simulator
