// What a program in Go says of a request that found no answer: the models of skopeo and BuildKit
// put it into their output. Threads: pure functions.
// Source: Go's net, net/http and crypto/tls; golang.org/x/net/http2; skopeo 1.9.3, held against in
// tests/e2e/skopeo_test.cc; BuildKit's util/resolver/retryhandler.
#pragma once

#include <string>
#include <string_view>

#include "core/http.h"
#include "core/result.h"

namespace drydock::simulator {

struct GoWords {
  std::string text;        // "dial tcp registry.test:443: connect: connection refused"
  bool temporary = false;  // a broken connection, or Go's net.Error says so: BuildKit tries again
};

// `cause`: what the transport returned, other than kCancelled. `client`: the near end's address.
GoWords InGo(const Error& cause, const Url& url, std::string_view client);
// As Go prints a method in front of a URL: "Put".
std::string GoVerb(std::string_view method);

}  // namespace drydock::simulator
