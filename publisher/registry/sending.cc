#include "publisher/registry/sending.h"

#include <utility>

namespace drydock::publisher {

Result<Response> SendOnTrust(Transport& transport, const RequestSource& make, Deadline deadline) {
  constexpr int kConnectionsMax = 2;
  for (int connection = 1;; ++connection) {
    auto request = make();
    if (!request) {
      return request.error();
    }
    auto response = transport.Send(std::move(*request), deadline);
    const bool untrusted = !response && response.error().code() == ErrorCode::kDenied;
    if (!untrusted || connection == kConnectionsMax) {
      return response;
    }
  }
}

}  // namespace drydock::publisher
