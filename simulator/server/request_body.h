// The body of one request, unframed. Threads: one. Source: RFC 9112 sections 6.3 and 7.1.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "core/http.h"
#include "simulator/server/input_buffer.h"
#include "simulator/server/request_head.h"

namespace drydock::simulator {

// Reads a body of a stated length or in chunks; extensions and trailers of chunks are read and
// dropped. Errors: kAmbiguous when the peer ends or goes silent in the middle, kInvalid when the
// chunks are broken. After an error, or before done(), the connection cannot carry another request.
class RequestBody : public BodyReader {
 public:
  // `before_first` runs once, before the first byte is waited for (a "100 Continue" is due then).
  RequestBody(InputBuffer& input, BodyFraming framing, std::function<void()> before_first);

  Result<std::size_t> Read(std::span<char> into) override;
  bool done() const { return done_; }
  bool begun() const { return begun_; }  // somebody asked for its bytes
  // Why it broke; nullopt while it is whole.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  Result<std::size_t> ReadPiece(std::span<char> into);
  Status NextChunk();
  Status SkipTrailers();
  Result<std::string> Line(std::size_t bytes_max);

  InputBuffer& input_;
  BodyFraming::Kind kind_;
  std::uint64_t left_;         // of the body (kLength) or of the present chunk (kChunked)
  bool inside_chunk_ = false;  // a chunk's data was begun: its CRLF is still to come
  bool done_ = false;
  bool begun_ = false;
  std::optional<Error> failure_;
  std::function<void()> before_first_;
};

}  // namespace drydock::simulator
