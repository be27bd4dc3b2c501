#include <algorithm>

#include "core/media_type.h"
#include "core/text.h"
#include "simulator/registry/cdn.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/handlers.h"
#include "simulator/registry/multipart.h"
#include "simulator/registry/view.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kForAYear = "max-age=31536000";  // what a digest names never changes

// Another name for a server on this machine, so that clients see another host.
std::optional<std::string> OtherName(std::string_view host) {
  constexpr std::string_view kName = "localhost";
  constexpr std::string_view kAddress = "127.0.0.1";
  const std::size_t port = std::min(host.rfind(':'), host.size());
  const std::string_view name = host.substr(0, port);
  if (name != kName && name != kAddress && name != "[::1]") {
    return std::nullopt;
  }
  return Concat({name == kName ? kAddress : kName, host.substr(port)});
}

Response RedirectToCdn(const Call& call, const CdnRule& rule, const std::string& host,
                       const Digest& digest) {
  const TimePoint expires =
      std::chrono::floor<std::chrono::seconds>(call.state.clock.Now() + rule.life);
  Response response = PlainAnswer(307, "");
  response.headers.Add("Location", SignedBlobUrl(Concat({call.head.url.scheme, "://", host}),
                                                 digest, expires, call.state.token_secret)
                                       .ToString());
  return response;
}

}  // namespace

Response GetBlob(Call& call) {
  const auto digest = Digest::Parse(call.route.reference);
  if (!digest) {
    return Refusal({ApiCode::kDigestInvalid, "digest", call.route.reference});
  }
  const Blob blob = Visible(call, call.route.repository, call.route.reference)
                        .FindBlob(call.route.repository, *digest);
  if (!blob) {
    return call.Refuse({{ApiCode::kBlobUnknown, "digest", call.route.reference}});
  }
  if (Unmodified(call, *digest)) {
    Response response = NotModified(*digest);
    response.headers.Add("Cache-Control", kForAYear);
    return response;
  }
  if (call.personality().cdn && call.route.operation == Operation::kBlobGet) {
    const CdnRule& rule = *call.personality().cdn;
    const auto host = rule.host == kCdnSelf ? OtherName(call.head.url.host) : rule.host;
    if (host) {
      return RedirectToCdn(call, rule, *host, *digest);
    }
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
    response.body = Clipped(call, blob);
  }
  return response;
}

Response DeleteBlob(Call& call) {
  if (!call.personality().delete_blobs) {
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
