#include "core/media_type.h"
#include "core/text.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/handlers.h"
#include "simulator/registry/multipart.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kForAYear = "max-age=31536000";  // what a digest names never changes

// As many characters as a boundary may have; no blob holds its own digest.
constexpr std::size_t kBoundaryMax = 70;

// 206 with one part, or with several as multipart/byteranges.
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
  for (const ByteRange& part : parts) {
    bodies.push_back(blob.Read(part.first, part.length()));
  }
  const std::string boundary(digest.hex().substr(0, kBoundaryMax));
  response.headers.Set("Content-Type", Concat({"multipart/byteranges; boundary=", boundary}));
  response.body = MultipartBody(parts, std::move(bodies), size, media_type::kOctetStream, boundary);
}

}  // namespace

Response GetBlob(Call& call) {
  const auto digest = Digest::Parse(call.route.reference);
  if (!digest) {
    return Refusal({ApiCode::kDigestInvalid, "digest", call.route.reference});
  }
  const Blob blob = call.state.store.FindBlob(call.route.repository, *digest);
  if (!blob) {
    return call.Refuse({{ApiCode::kBlobUnknown, "digest", call.route.reference}});
  }
  if (Unmodified(call, *digest)) {
    Response response = NotModified(*digest);
    response.headers.Add("Cache-Control", kForAYear);
    return response;
  }
  const std::uint64_t size = blob.size();
  const std::string etag = EntityTag(*digest);
  const Headers& asked = call.head.headers;
  const bool current = !asked.Has("If-Range") || asked.Get("If-Range") == etag;
  const RangeAnswer range = current && call.route.operation == Operation::kBlobGet
                                ? ReadRange(asked.Get("Range"), size)
                                : RangeAnswer{};
  if (range.kind == RangeKind::kUnsatisfiable) {
    Response response = Refusal({ApiCode::kRangeInvalid, "range", std::string(asked.Get("Range"))});
    response.headers.Add("Content-Range", Concat({"bytes */", std::to_string(size)}));
    return response;
  }
  Response response;
  response.headers.Add("Content-Type", media_type::kOctetStream);
  response.headers.Add("Docker-Content-Digest", digest->ToString());
  response.headers.Add("ETag", etag);
  response.headers.Add("Accept-Ranges", "bytes");
  response.headers.Add("Cache-Control", kForAYear);
  if (range.kind == RangeKind::kParts) {
    AnswerParts(response, blob, range.parts, *digest);
  } else {
    response.body = blob.Read();
  }
  return response;
}

Response DeleteBlob(Call& call) {
  if (!call.state.personality.delete_blobs) {
    return Refusal({ApiCode::kUnsupported});
  }
  const auto digest = Digest::Parse(call.route.reference);
  if (!digest) {
    return Refusal({ApiCode::kDigestInvalid, "digest", call.route.reference});
  }
  if (!call.state.store.DeleteBlob(call.route.repository, *digest)) {
    return call.Refuse({{ApiCode::kBlobUnknown, "digest", call.route.reference}});
  }
  Response response;
  response.status = 202;
  return response;
}

}  // namespace drydock::simulator
