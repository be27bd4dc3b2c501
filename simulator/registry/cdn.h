// The host that blobs are read from when the registry redirects there: signed URLs that answer for
// a while, to a GET without credentials only. Refusals are XML, as object stores write it.
// Threads: one at a time, as Site says. Source: incidents `redirect-with-auth-400`,
// `cdn-xml-error-missing-header-2025-02`; Docker Hub's API text ("blob GET may be a 307 to a CDN").
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/digest.h"
#include "core/http.h"
#include "simulator/exchange.h"
#include "simulator/registry/store.h"

namespace drydock::simulator {

// The operation that fault rules and the journal name. Route.reference is the digest.
inline constexpr std::string_view kCdnOperation = "cdn.get";

// Every path of the CDN begins with it.
inline constexpr std::string_view kCdnPathPrefix = "/registry-v2/docker/registry/v2/blobs/";

// The URL of a blob at `origin` ("https://cdn.example"), good until `expires` (whole seconds).
Url SignedBlobUrl(std::string_view origin, const Digest& digest, TimePoint expires,
                  std::string_view secret);

class Cdn : public Site {
 public:
  // Serves what `store` holds, in whatever repository. `store` and `clock` must outlive it;
  // `secret` is the one the URLs were signed with.
  Cdn(const Store& store, Clock& clock, std::string secret)
      : store_(store), clock_(clock), secret_(std::move(secret)) {}

  std::unique_ptr<Exchange> Begin(RequestHead head) override;

 private:
  class Visit;

  const Store& store_;
  Clock& clock_;
  std::string secret_;
};

}  // namespace drydock::simulator
