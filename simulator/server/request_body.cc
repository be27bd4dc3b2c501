#include "simulator/server/request_body.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kChunkLineMax = 1024;
constexpr std::size_t kTrailersMax = 8'192;

// "1a2f" or "1A2F;name=value"; nullopt for anything else, also for what 64 bits cannot hold.
std::optional<std::uint64_t> ParseChunkSize(std::string_view line) {
  const std::string_view digits = Trim(line.substr(0, line.find(';')));
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
  if (error != std::errc() || digits.empty() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return size;
}

}  // namespace

RequestBody::RequestBody(InputBuffer& input, BodyFraming framing,
                         std::function<void()> before_first)
    : input_(input),
      kind_(framing.kind),
      left_(framing.length),
      done_(framing.kind == BodyFraming::Kind::kNone),
      before_first_(std::move(before_first)) {}

Result<std::size_t> RequestBody::Read(std::span<char> into) {
  if (done_ || into.empty()) {
    return std::size_t{0};
  }
  if (failure_) {
    return *failure_;
  }
  if (!begun_ && before_first_) {
    before_first_();
  }
  begun_ = true;
  Result<std::size_t> got = ReadPiece(into);
  if (!got) {
    failure_ = got.error();
  }
  return got;
}

Result<std::size_t> RequestBody::ReadPiece(std::span<char> into) {
  if (kind_ == BodyFraming::Kind::kChunked && left_ == 0) {
    const Status next = NextChunk();
    if (!next) {
      return next.error();
    }
    if (done_) {
      return std::size_t{0};
    }
  }
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, into.size()));
  Result<std::size_t> got = input_.Read(into.first(count));
  if (!got) {
    return got;
  }
  if (*got == 0) {
    return Error(ErrorCode::kAmbiguous,
                 Concat({"request body: the client went away with ", std::to_string(left_),
                         kind_ == BodyFraming::Kind::kChunked ? " bytes of a chunk" : " bytes",
                         " still to send"}));
  }
  left_ -= *got;
  done_ = kind_ == BodyFraming::Kind::kLength && left_ == 0;
  return got;
}

Status RequestBody::NextChunk() {
  if (inside_chunk_) {
    const Result<std::string> end = Line(0);
    if (!end) {
      return end.error();
    }
  }
  const Result<std::string> line = Line(kChunkLineMax);
  if (!line) {
    return line.error();
  }
  const std::optional<std::uint64_t> size = ParseChunkSize(*line);
  if (!size) {
    return Error(ErrorCode::kInvalid, "request body: not a chunk size: " + line->substr(0, 40));
  }
  left_ = *size;
  inside_chunk_ = true;
  return left_ == 0 ? SkipTrailers() : Status(Ok{});
}

Status RequestBody::SkipTrailers() {
  std::size_t bytes = 0;
  while (true) {
    const Result<std::string> line = Line(kTrailersMax - bytes);
    if (!line) {
      return line.error();
    }
    if (line->empty()) {
      done_ = true;
      return Ok{};
    }
    bytes += line->size();
  }
}

// The next line without its CRLF.
Result<std::string> RequestBody::Line(std::size_t bytes_max) {
  while (true) {
    const std::size_t end = input_.held().find("\r\n");
    if (end != std::string_view::npos && end <= bytes_max) {
      std::string line(input_.held().substr(0, end));
      input_.Consume(end + 2);
      return line;
    }
    if (input_.held().size() > bytes_max + 1) {
      return Error(ErrorCode::kInvalid, "request body: a line of the chunked coding has no end");
    }
    const Result<std::size_t> got = input_.Fill();
    if (!got) {
      return got.error();
    }
    if (*got == 0) {
      return Error(ErrorCode::kAmbiguous, "request body: the client went away between chunks");
    }
  }
}

}  // namespace drydock::simulator
