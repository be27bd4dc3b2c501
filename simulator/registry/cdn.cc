#include "simulator/registry/cdn.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/media_type.h"
#include "core/text.h"
#include "simulator/registry/multipart.h"
#include "simulator/registry/range.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kAfter = "/data";

std::string PathOf(const Digest& digest) {
  return Concat({kCdnPathPrefix, Name(digest.algorithm()), "/", digest.hex().substr(0, 2), "/",
                 digest.hex(), kAfter});
}

std::optional<Digest> DigestOf(std::string_view path) {
  if (path.rfind(kCdnPathPrefix, 0) != 0) {
    return std::nullopt;
  }
  const auto parts = Split(path.substr(kCdnPathPrefix.size()), '/');
  if (parts.size() != 4) {
    return std::nullopt;
  }
  auto digest = Digest::Parse(Concat({parts[0], ":", parts[2]}));
  return digest && PathOf(*digest) == path ? std::optional(std::move(*digest)) : std::nullopt;
}

std::string Signature(std::string_view path, std::string_view expires, std::string_view secret) {
  const Digest digest = Digest::Of(Concat({secret, "\n", path, "\n", expires}));
  return std::string(digest.hex());
}

Response Refused(int status, std::string_view code, std::string_view message) {
  Response response;
  response.status = status;
  response.headers.Add("Content-Type", "application/xml");
  response.body =
      Body::FromString(Concat({"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>", code,
                               "</Code><Message>", message, "</Message></Error>"}));
  return response;
}

}  // namespace

Url SignedBlobUrl(std::string_view origin, const Digest& digest, TimePoint expires,
                  std::string_view secret) {
  const std::string path = PathOf(digest);
  const std::string until = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(expires.time_since_epoch()).count());
  const std::size_t scheme = origin.find("://");
  Url url{std::string(origin.substr(0, scheme)), std::string(origin.substr(scheme + 3)), path, ""};
  url.AddQuery("expires", until);
  url.AddQuery("signature", Signature(path, until, secret));
  return url;
}

class Cdn::Visit : public Exchange {
 public:
  Visit(Cdn& cdn, RequestHead head) : cdn_(cdn), head_(std::move(head)) {
    digest_ = DigestOf(head_.url.path);
    route_.operation = std::string(kCdnOperation);
    route_.reference = digest_ ? digest_->ToString() : "";
  }

  const Route& route() const override { return route_; }

  std::optional<Response> Decide() override {
    std::optional<Response> refusal = Check();
    return refusal ? std::optional(Finished(std::move(*refusal))) : std::nullopt;
  }

  void Receive(std::string_view /*piece*/) override {}

  Response Apply() override { return Finished(Answer()); }

 private:
  std::optional<Response> Check() const {
    if (head_.headers.Has("Authorization")) {
      return Refused(400, "InvalidArgument",
                     "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
                     "Signature query string parameter or the Authorization header should be "
                     "specified");
    }
    const std::string expires = head_.url.QueryValue("expires").value_or("");
    if (head_.method != "GET" || head_.url.QueryValue("signature").value_or("") !=
                                     Signature(head_.url.path, expires, cdn_.secret_)) {
      return Refused(403, "SignatureDoesNotMatch",
                     "The request signature we calculated does not match the signature you "
                     "provided.");
    }
    const auto until = std::chrono::seconds(ParseUnsigned(expires).value_or(0));
    if (cdn_.clock_.Now().time_since_epoch() >= until) {
      return Refused(403, "AccessDenied", "Request has expired");
    }
    return std::nullopt;
  }

  Response Answer() const {
    const auto holder =
        digest_ ? cdn_.store_.FindHolder(*digest_, [](std::string_view) { return true; })
                : std::nullopt;
    const Blob blob = holder ? cdn_.store_.FindBlob(*holder, *digest_) : Blob();
    if (!blob) {
      return Refused(404, "NoSuchKey", "The specified key does not exist.");
    }
    const std::uint64_t size = blob.size();
    const RangeAnswer range = ReadRange(head_.headers.Get("Range"), size);
    if (range.kind == RangeKind::kUnsatisfiable) {
      Response response = Refused(416, "InvalidRange", "The requested range is not satisfiable");
      response.headers.Add("Content-Range", Concat({"bytes */", std::to_string(size)}));
      return response;
    }
    Response response;
    response.headers.Add("Content-Type", media_type::kOctetStream);
    response.headers.Add("Accept-Ranges", "bytes");
    if (range.kind == RangeKind::kParts) {
      AnswerParts(response, blob, range.parts, *digest_);
    } else {
      response.body = blob.Read();
    }
    return response;
  }

  Response Finished(Response response) const {
    response.headers.Add("Content-Length", std::to_string(response.body.length().value_or(0)));
    if (head_.method == "HEAD") {
      response.body = Body();
    }
    return response;
  }

  Cdn& cdn_;
  RequestHead head_;
  std::optional<Digest> digest_;
  Route route_;
};

std::unique_ptr<Exchange> Cdn::Begin(RequestHead head) {
  return std::make_unique<Visit>(*this, std::move(head));
}

}  // namespace drydock::simulator
