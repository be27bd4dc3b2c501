// The head of a request as a hostile peer may send it: whatever the bytes, it is refused with a
// status a server may answer, or it is data that holds what its readers rely on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "simulator/server/request_head.h"

namespace {

using namespace drydock::simulator;  // NOLINT(google-build-using-namespace)

void Check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void CheckRejected(const RejectedHead& rejected) {
  Check(rejected.status >= 400 && rejected.status < 600 && !rejected.what.empty());
  Check(std::none_of(rejected.what.begin(), rejected.what.end(),
                     [](char c) { return c >= 0 && c < ' '; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ServerLimits limits;
  if (size > 2 * limits.head_bytes_max) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto early = RefuseEarly(bytes, limits)) {
    CheckRejected(*early);
    return 0;
  }
  const auto length = HeadLength(bytes);
  if (!length) {
    return 0;
  }
  Check(*length <= size);
  const auto head = ParseHead(bytes.substr(0, *length), limits);
  if (const auto* rejected = std::get_if<RejectedHead>(&head)) {
    CheckRejected(*rejected);
    return 0;
  }
  const auto& parsed = std::get<HttpHead>(head);
  Check(!parsed.method.empty() && parsed.url.path.substr(0, 1) == "/" && !parsed.url.host.empty());
  Check(parsed.headers.fields().size() <= limits.fields_max);
  for (const auto& [name, value] : parsed.headers) {
    Check(!name.empty() && value.find_first_of("\r\n") == std::string::npos);
  }
  const auto framing = RequestFraming(parsed);
  if (const auto* rejected = std::get_if<RejectedHead>(&framing)) {
    CheckRejected(*rejected);
  }
  static_cast<void>(WantsKeepAlive(parsed));
  return 0;
}
