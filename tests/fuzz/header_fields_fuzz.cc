// Header fields that have no target of their own, as a peer sent them: Location and other
// addresses, Content-Type, Accept, Authorization, dates; and what the journal redacts. The input is
// the value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http.h"
#include "core/journal.h"
#include "simulator/registry/account.h"
#include "simulator/registry/manifest.h"

namespace {

using namespace drydock;  // NOLINT(google-build-using-namespace)

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void ReadAddress(const std::string& text) {
  const auto url = Url::Parse(text);
  if (url) {
    const auto again = Url::Parse(url->ToString());
    Require(again.ok() && *again == *url);
  }
  const auto resolved = Url::Parse("https://hub.test/v2/a/blobs/uploads/?x=1")->Resolve(text);
  if (resolved) {
    const auto again = Url::Parse(resolved->ToString());
    Require(again.ok() && *again == *resolved);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kTextMax = 8192;
  if (size > kTextMax) {
    return 0;
  }
  const std::string text(reinterpret_cast<const char*>(data), size);
  ReadAddress(text);
  Require(simulator::MediaTypeOf(text).find(';') == std::string::npos);
  static_cast<void>(simulator::Accepts({text}, "application/vnd.oci.image.index.v1+json"));
  Require(simulator::Accepts({text, "*/*"}, "application/vnd.oci.image.index.v1+json"));
  if (const auto basic = simulator::ReadBasicCredentials(text)) {
    Require(basic->name.find(':') == std::string::npos);
  }
  if (const auto date = ParseHttpDate(text)) {
    Require(ParseHttpDate(FormatHttpDate(*date)) == date);
  }
  const std::string redacted = RedactedUrl(text);
  Require(RedactedUrl(redacted) == redacted);
  Require(RedactedText(text).size() <= 2 * text.size() + 64);
  const Headers headers = Redacted({{"Authorization", text}, {"Location", text}, {"Link", text}});
  Require(headers.fields().size() == 3);
  return 0;
}
