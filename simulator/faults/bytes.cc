#include "simulator/faults/bytes.h"

#include "core/text.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator {

std::string Describe(const ChangeBytes& change) {
  const auto number = [](std::string_view what, const std::optional<std::uint64_t>& at) {
    return at ? Concat({" ", what, " ", std::to_string(*at)}) : std::string();
  };
  return Concat({"bytes", number("flip", change.flip), number("truncate", change.truncate),
                 change.encoding.empty() ? "" : " labelled ", change.encoding});
}

namespace reading {

void ReadBytes(json::Source& source, const json::Value& value, FaultRule& rule) {
  ChangeBytes change;
  json::ObjectReader reader(source, value, "bytes");
  std::uint64_t number = 0;
  if (reader.Read("flip", number)) {
    change.flip = number;
  }
  if (reader.Read("truncate", number)) {
    change.truncate = number;
  }
  if (reader.Read("encoding", change.encoding) && change.encoding != "gzip" &&
      change.encoding != "zstd" && change.encoding != "br" && change.encoding != "deflate") {
    reader.Fail("encoding", Concat({R"(expected "gzip", "zstd", "br" or "deflate", found: ")",
                                    change.encoding, "\""}));
  }
  reader.Finish();
  if (!change.flip && !change.truncate && change.encoding.empty()) {
    reader.Fail("", R"(changes nothing (expected "flip", "truncate" or "encoding"))");
  }
  rule.answer = std::move(change);
}

}  // namespace reading
}  // namespace drydock::simulator
