#include "simulator/faults/throttle.h"

#include "core/text.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator {

std::string Describe(const Throttle& throttle) {
  const auto rate = [](std::string_view way, const std::optional<std::uint64_t>& bytes) {
    return bytes ? Concat({" ", way, " ", std::to_string(*bytes), " B/s"}) : std::string();
  };
  return Concat({"throttle", rate("up", throttle.up), rate("down", throttle.down)});
}

namespace reading {

void ReadThrottle(json::Source& source, const json::Value& value, FaultRule& rule) {
  Throttle throttle;
  json::ObjectReader reader(source, value, "throttle");
  const auto rate = [&](std::string_view key, std::optional<std::uint64_t>& into) {
    std::uint64_t bytes = 0;
    if (reader.Read(key, bytes)) {
      into = bytes;
      if (bytes == 0) {
        reader.Fail(key, "expected 1 byte a second or more (\"hold\" stops it for ever)");
      }
    }
  };
  rate("up", throttle.up);
  rate("down", throttle.down);
  reader.Read("burst", throttle.burst);
  reader.Finish();
  if (!throttle.up && !throttle.down) {
    reader.Fail("", R"(slows nothing down (expected "up", "down" or both, in bytes a second))");
  }
  rule.answer = throttle;
}

}  // namespace reading
}  // namespace drydock::simulator
