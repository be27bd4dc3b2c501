// What the tests of the real transport have in common. Threads: none of its own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "publisher/registry/http_transport.h"

namespace drydock::publisher {

// Gives `size` bytes in small pieces and then an end or an error.
class PieceReader : public BodyReader {
 public:
  explicit PieceReader(std::size_t size, std::optional<Error> error = std::nullopt)
      : left_(size), error_(std::move(error)) {}
  Result<std::size_t> Read(std::span<char> into) override {
    if (left_ == 0 && error_) {
      return *error_;
    }
    const std::size_t size = std::min({into.size(), left_, std::size_t{1000}});
    std::fill_n(into.begin(), size, 'x');
    left_ -= size;
    return size;
  }

 private:
  std::size_t left_;
  std::optional<Error> error_;
};

inline std::string MoreThanASocketTakes() { return std::string(64u << 20, 'x'); }

class TransportTest : public ::testing::Test {
 protected:
  Result<Response> Send(const Url& url, const std::string& method = "GET", Body body = {},
                        Headers headers = {}) {
    Request request;
    request.method = method;
    request.url = url;
    request.headers = std::move(headers);
    request.body = std::move(body);
    return transport_->Send(std::move(request), clock_.Elapsed() + std::chrono::seconds(20));
  }
  Result<Response> SendWithin(const Url& url, Duration span) {
    Request request;
    request.url = url;
    return transport_->Send(std::move(request), clock_.Elapsed() + span);
  }
  // The failure to get an answer or the whole of its body.
  static ErrorCode FailureOf(Result<Response> response) {
    if (!response) {
      return response.error().code();
    }
    const auto body = ReadAll(response->body, 64u << 20);
    EXPECT_FALSE(body.ok()) << "expected a failure";
    return body ? ErrorCode::kInternal : body.error().code();
  }

  SystemClock clock_;
  std::optional<HttpTransport> transport_{std::in_place, clock_};
};

}  // namespace drydock::publisher
