// A chunked body as a hostile peer may send it: read twice in pieces of different sizes, both ways
// must give the same bytes and the same end.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "simulator/server/request_body.h"

namespace {

using namespace drydock::simulator;  // NOLINT(google-build-using-namespace)

class Peer : public drydock::BodyReader {
 public:
  Peer(std::string_view bytes, std::size_t step) : bytes_(bytes), step_(step) {}
  drydock::Result<std::size_t> Read(std::span<char> into) override {
    const std::size_t count = bytes_.copy(into.data(), std::min(step_, into.size()));
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
  std::size_t step_;
};

// The body and then how it ended.
std::string Unframe(std::string_view bytes, std::size_t step, std::size_t room) {
  Peer peer(bytes, step);
  InputBuffer input(peer);
  RequestBody body(input, {BodyFraming::Kind::kChunked, 0}, nullptr);
  std::string text;
  std::string piece(room, '\0');
  while (true) {
    const auto got = body.Read(piece);
    if (!got || *got == 0) {
      return text + (got ? "|end" : "|broken");
    }
    text.append(piece, 0, *got);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (Unframe(bytes, 1, 7) != Unframe(bytes, 4096, 4096)) {
    std::abort();
  }
  return 0;
}
