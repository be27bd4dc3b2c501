#include "simulator/registry/multipart.h"

#include <memory>
#include <utility>

#include "core/media_type.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

// As many characters as a boundary may have; no blob holds its own digest.
constexpr std::size_t kBoundaryMax = 70;

class JoinedReader : public BodyReader {
 public:
  explicit JoinedReader(std::vector<Body> pieces) : pieces_(std::move(pieces)) {}

  Result<std::size_t> Read(std::span<char> into) override {
    while (at_ < pieces_.size()) {
      Result<std::size_t> read = pieces_[at_].Read(into);
      if (!read || *read > 0) {
        return read;
      }
      ++at_;
    }
    return 0;
  }

 private:
  std::vector<Body> pieces_;
  std::size_t at_ = 0;
};

}  // namespace

Body JoinBodies(std::vector<Body> pieces) {
  std::optional<std::uint64_t> length = 0;
  for (const Body& piece : pieces) {
    length = length && piece.length() ? std::optional(*length + *piece.length()) : std::nullopt;
  }
  return Body::FromReader(std::make_unique<JoinedReader>(std::move(pieces)), length);
}

Body MultipartBody(const std::vector<ByteRange>& parts, std::vector<Body> bodies,
                   std::uint64_t size, std::string_view media_type, std::string_view boundary) {
  std::vector<Body> pieces;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    pieces.push_back(Body::FromString(
        Concat({i == 0 ? "--" : "\r\n--", boundary, "\r\nContent-Type: ", media_type,
                "\r\nContent-Range: ", ContentRange(parts[i], size), "\r\n\r\n"})));
    pieces.push_back(std::move(bodies[i]));
  }
  pieces.push_back(Body::FromString(Concat({"\r\n--", boundary, "--\r\n"})));
  return JoinBodies(std::move(pieces));
}

std::string ContentRange(const ByteRange& part, std::uint64_t size) {
  return Concat({"bytes ", std::to_string(part.first), "-", std::to_string(part.last), "/",
                 std::to_string(size)});
}

void AnswerParts(Response& response, const Blob& blob, const std::vector<ByteRange>& parts,
                 const Digest& digest) {
  response.status = 206;
  const std::uint64_t size = blob.size();
  if (parts.size() == 1) {
    response.headers.Add("Content-Range", ContentRange(parts[0], size));
    response.body = blob.Read(parts[0].first, parts[0].length());
    return;
  }
  std::vector<Body> bodies;
  bodies.reserve(parts.size());
  for (const ByteRange& part : parts) {
    bodies.push_back(blob.Read(part.first, part.length()));
  }
  const std::string boundary(digest.hex().substr(0, kBoundaryMax));
  response.headers.Set("Content-Type", Concat({"multipart/byteranges; boundary=", boundary}));
  response.body = MultipartBody(parts, std::move(bodies), size, media_type::kOctetStream, boundary);
}

}  // namespace drydock::simulator
