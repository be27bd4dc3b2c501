#include "simulator/faults/bytes.h"

#include "core/text.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator {

std::string Describe(const ChangeBytes& change) {
  const auto number = [](std::string_view what, const std::optional<std::uint64_t>& at) {
    return at ? Concat({" ", what, " ", std::to_string(*at)}) : std::string();
  };
  return Concat({"bytes", change.stored ? " as stored" : "", change.gzip ? " in gzip" : "",
                 number("flip", change.damage.flip), change.damage.flip_all ? " flip all" : "",
                 number("truncate", change.damage.truncate),
                 change.encoding.empty() ? "" : " labelled ", change.encoding});
}

namespace reading {

void ReadDamage(json::ObjectReader& reader, Damage& damage) {
  std::uint64_t number = 0;
  const json::Value* flip = reader.Optional("flip");
  if (flip != nullptr && flip->as_string() != nullptr && *flip->as_string() == "all") {
    damage.flip_all = true;
  } else if (reader.Read("flip", number)) {
    damage.flip = number;
  }
  if (reader.Read("truncate", number)) {
    damage.truncate = number;
  }
}

void ReadBytes(json::Source& source, const json::Value& value, FaultRule& rule) {
  ChangeBytes change;
  json::ObjectReader reader(source, value, "bytes");
  ReadDamage(reader, change.damage);
  if (reader.Read("encoding", change.encoding) && change.encoding != "gzip" &&
      change.encoding != "zstd" && change.encoding != "br" && change.encoding != "deflate") {
    reader.Fail("encoding", Concat({R"(expected "gzip", "zstd", "br" or "deflate", found: ")",
                                    change.encoding, "\""}));
  }
  std::string coded;
  if (reader.Read("coded", coded)) {
    change.gzip = true;
    if (coded != "gzip") {
      reader.Fail("coded", Concat({R"(expected "gzip", found: ")", coded, "\""}));
    }
  }
  reader.Read("stored", change.stored);
  reader.Finish();
  const bool coding = change.gzip || !change.encoding.empty();
  if (!change.damage.any() && !coding) {
    reader.Fail("", R"(changes nothing (expected "flip", "truncate", "coded" or "encoding"))");
  } else if (change.stored && (coding || !change.damage.any())) {
    reader.Fail("stored", R"(goes with "flip" and "truncate" alone: "coded" is about an answer)");
  }
  if (change.stored) {
    KeepOperations(source, value, "bytes", {"upload.start", "upload.commit", "manifest.put"}, rule);
  }
  rule.answer = std::move(change);
}

}  // namespace reading
}  // namespace drydock::simulator
