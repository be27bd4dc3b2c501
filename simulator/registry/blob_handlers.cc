#include "core/media_type.h"
#include "core/text.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/handlers.h"

namespace drydock::simulator {

Response GetBlob(Call& call) {
  const auto digest = Digest::Parse(call.route.reference);
  if (!digest) {
    return Refusal({ApiCode::kDigestInvalid, "digest", call.route.reference});
  }
  Bytes bytes = call.state.store.FindBlob(call.route.repository, *digest);
  if (bytes == nullptr) {
    return Refusal({ApiCode::kBlobUnknown, "digest", call.route.reference});
  }
  const std::size_t size = bytes->size();
  const std::string etag = Concat({"\"", digest->ToString(), "\""});
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
  response.headers.Add("Cache-Control", "max-age=31536000");
  if (range.kind == RangeKind::kPart) {
    const ByteRange& part = range.part;
    response.status = 206;
    response.headers.Add("Content-Range",
                         Concat({"bytes ", std::to_string(part.first), "-",
                                 std::to_string(part.last), "/", std::to_string(size)}));
    response.body = Body::FromShared(std::move(bytes), part.first, part.length());
  } else {
    response.body = Body::FromShared(std::move(bytes));
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
    return Refusal({ApiCode::kBlobUnknown, "digest", call.route.reference});
  }
  Response response;
  response.status = 202;
  return response;
}

}  // namespace drydock::simulator
