// The real transport against real sockets: plain and TLS.
#include "publisher/registry/http_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "core/text.h"
#include "publisher/registry/http_socket.h"
#include "tests/unit/publisher/loopback.h"
#include "tests/unit/publisher/transport_test.h"

namespace drydock::publisher {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// An httplib server on a free port, running until it goes out of scope.
class RunningServer {
 public:
  RunningServer(std::unique_ptr<httplib::Server> server, std::string scheme)
      : server_(std::move(server)), scheme_(std::move(scheme)) {
    server_->set_tcp_nodelay(true);
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) {
      std::this_thread::yield();
    }
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() {
    server_->stop();
    thread_.join();
  }
  Url At(const std::string& path) const {
    return *Url::Parse(Concat({scheme_, "://127.0.0.1:", std::to_string(port_), path}));
  }

 private:
  std::unique_ptr<httplib::Server> server_;
  std::string scheme_;
  int port_ = 0;
  std::thread thread_;
};

constexpr std::size_t kLarge = 2u << 20;

// A server that remembers what it was asked.
class Echo {
 public:
  Echo() : running_(MakeServer(), "http") {}

  Url At(const std::string& path) const { return running_.At(path); }
  httplib::Request last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  std::unique_ptr<httplib::Server> MakeServer() {
    auto server = std::make_unique<httplib::Server>();
    const auto handler = [this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      last_ = request;
      response.status = 201;
      response.set_header("Docker-Content-Digest", "sha256:ab");
      response.set_content(
          Concat({request.method, " ", request.target, " ", std::to_string(request.body.size())}),
          "text/plain");
    };
    server->Get("/large", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(std::string(kLarge, 'z'), "application/octet-stream");
    });
    server->Get(".*", handler).Put(".*", handler).Post(".*", handler).Patch(".*", handler);
    server->Delete(".*", handler);
    return server;
  }

  std::mutex mutex_;
  httplib::Request last_;
  RunningServer running_;
};

class HttpTransportTest : public TransportTest {
 protected:
  // A server waits for those who keep a connection open.
  void TearDown() override { transport_.reset(); }

  Echo echo_;
};

TEST_F(HttpTransportTest, CarriesEveryMethodWithHeadersAndBody) {
  for (const char* method : {"GET", "PUT", "POST", "PATCH", "DELETE"}) {
    SCOPED_TRACE(method);
    const bool with_body = std::string_view(method) != "GET";
    auto response =
        Send(echo_.At("/v2/a/b?_state=x%3D&digest=sha256%3Aab"), method,
             with_body ? Body::FromString("12345") : Body(), {{"Authorization", "Bearer t"}});
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(response->status, 201);
    EXPECT_EQ(response->headers.Get("docker-content-digest"), "sha256:ab");
    EXPECT_EQ(*ReadAll(response->body, 1000),
              Concat({method, " /v2/a/b?_state=x%3D&digest=sha256%3Aab ", with_body ? "5" : "0"}));
    EXPECT_EQ(echo_.last().get_header_value("Authorization"), "Bearer t");
    EXPECT_FALSE(echo_.last().has_header("Accept-Encoding"));
  }
}

TEST_F(HttpTransportTest, AHeadHasNoBodyAndKeepsItsLength) {
  auto response = Send(echo_.At("/x"), "HEAD");
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 201);
  EXPECT_NE(response->headers.Get("Content-Length"), "0");
  EXPECT_EQ(*ReadAll(response->body, 1000), "");
}

TEST_F(HttpTransportTest, AHostGivenByTheCallerIsSent) {
  ASSERT_TRUE(Send(echo_.At("/x"), "GET", {}, {{"Host", "registry-1.docker.io"}}).ok());
  EXPECT_EQ(echo_.last().get_header_value("Host"), "registry-1.docker.io");
  EXPECT_EQ(echo_.last().get_header_value_count("Host"), 1u);
}

TEST_F(HttpTransportTest, StreamsARequestOfKnownAndOfUnknownLength) {
  constexpr std::size_t kSize = 3u << 20;
  for (const std::optional<std::uint64_t> length : {std::optional<std::uint64_t>(kSize), {}}) {
    auto response = Send(echo_.At("/u"), "PATCH",
                         Body::FromReader(std::make_unique<PieceReader>(kSize), length),
                         {{"Content-Type", "application/octet-stream"}});
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(*ReadAll(response->body, 1000), Concat({"PATCH /u ", std::to_string(kSize)}));
    EXPECT_EQ(echo_.last().has_header("Content-Length"), length.has_value());
  }
}

TEST_F(HttpTransportTest, GivesUpARequestWhoseBodyBreaksOff) {
  const auto broken =
      Send(echo_.At("/u"), "PUT",
           Body::FromReader(
               std::make_unique<PieceReader>(10, Error(ErrorCode::kCancelled, "stopped")), 100));
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code(), ErrorCode::kCancelled);
  const auto shorter =
      Send(echo_.At("/u"), "PUT", Body::FromReader(std::make_unique<PieceReader>(10), 100));
  ASSERT_FALSE(shorter.ok());
  EXPECT_THAT(shorter.error().message(), HasSubstr("shorter than announced"));
  EXPECT_TRUE(Send(echo_.At("/u")).ok());
}

TEST_F(HttpTransportTest, StreamsALargeAnswerAndCutsItWhenItIsDropped) {
  auto whole = Send(echo_.At("/large"));
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->body.length(), kLarge);
  EXPECT_EQ(ReadAll(whole->body, kLarge)->size(), kLarge);
  {
    auto dropped = Send(echo_.At("/large"));
    ASSERT_TRUE(dropped.ok());
    std::array<char, 100> piece{};
    EXPECT_GT(*dropped->body.Read(piece), 0u);
  }
  auto left = Send(echo_.At("/large"));
  ASSERT_TRUE(left.ok());
  auto next = Send(echo_.At("/large"));
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(FailureOf(std::move(left)), ErrorCode::kAmbiguous);
  EXPECT_TRUE(ReadAll(next->body, kLarge).ok());
}

TEST_F(HttpTransportTest, ABodyMayOutliveItsTransport) {
  Response response;
  {
    HttpTransport brief(clock_);
    Request request;
    request.url = echo_.At("/x");
    response = std::move(*brief.Send(std::move(request), kNoDeadline));
  }
  EXPECT_EQ(*ReadAll(response.body, 1000), "GET /x 0");
}

TEST_F(HttpTransportTest, GivesRedirectsAndEncodedBodiesAsTheyAre) {
  const RawServer moved(
      "HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\n"
      "Content-Length: 0\r\n\r\n",
      RawServer::After::kClose);
  auto redirect = Send(*Url::Parse(moved.Url()));
  ASSERT_TRUE(redirect.ok());
  EXPECT_EQ(redirect->status, 307);
  EXPECT_EQ(redirect->headers.Get("Location"), "/elsewhere");
  EXPECT_EQ(redirect->reason, "Temporary Redirect");
  EXPECT_EQ(moved.connections(), 1);
  const RawServer zipped(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
      RawServer::After::kClose);
  auto encoded = Send(*Url::Parse(zipped.Url()));
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(*ReadAll(encoded->body, 100), "abcd");
}

TEST_F(HttpTransportTest, AnInterimAnswerDoesNotEndTheSending) {
  std::string heard;
  auto server = std::make_unique<httplib::Server>();
  server->set_keep_alive_max_count(1);
  server->set_expect_100_continue_handler(
      [](const httplib::Request&, httplib::Response&) { return 100; });
  server->Put("/x", [&](const httplib::Request& request, httplib::Response& response) {
    heard = request.body;
    response.status = 201;
  });
  const RunningServer running(std::move(server), "http");
  auto response = Send(running.At("/x"), "PUT", Body::FromString(std::string(kLarge, 'x')),
                       {{"Expect", "100-continue"}});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(heard, std::string(kLarge, 'x'));
}

class HttpsTransportTest : public HttpTransportTest {
 protected:
  HttpsTransportTest() {
    std::array<char, 40> name{"/tmp/drydock-ca-XXXXXX"};
    const int file = mkstemp(name.data());
    close(file);
    ca_file_ = name.data();
    std::ofstream(ca_file_) << ToPem(*authority_.certificate);
  }
  ~HttpsTransportTest() override { unlink(ca_file_.c_str()); }

  static std::unique_ptr<RunningServer> Serve(const KeyAndCertificate& identity) {
    auto server =
        std::make_unique<httplib::SSLServer>(identity.certificate.get(), identity.key.get());
    server->Get("/x", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("secret", "text/plain");
    });
    return std::make_unique<RunningServer>(std::move(server), "https");
  }
  Result<Response> SendTrusting(const std::string& ca_file, const Url& url) {
    HttpTransport transport(clock_, {.ca_file = ca_file});
    Request request;
    request.url = url;
    return transport.Send(std::move(request), clock_.Elapsed() + seconds(20));
  }

  KeyAndCertificate authority_ = MakeAuthority();
  std::string ca_file_;
};

TEST_F(HttpsTransportTest, TrustsTheGivenAuthorityOnly) {
  const auto server = Serve(MakeServerCertificate(authority_, "IP:127.0.0.1"));
  auto trusted = SendTrusting(ca_file_, server->At("/x"));
  ASSERT_TRUE(trusted.ok()) << trusted.error().message();
  EXPECT_EQ(*ReadAll(trusted->body, 100), "secret");
  EXPECT_EQ(SendTrusting("", server->At("/x")).error().code(), ErrorCode::kDenied);
  const auto stranger = Serve(MakeServerCertificate(MakeAuthority(), "IP:127.0.0.1"));
  EXPECT_EQ(SendTrusting(ca_file_, stranger->At("/x")).error().code(), ErrorCode::kDenied);
}

TEST_F(HttpsTransportTest, StreamsBothWaysOverOneConnection) {
  const KeyAndCertificate identity = MakeServerCertificate(authority_, "IP:127.0.0.1");
  auto server =
      std::make_unique<httplib::SSLServer>(identity.certificate.get(), identity.key.get());
  std::set<int> ports;
  server->Put("/echo", [&](const httplib::Request& request, httplib::Response& response) {
    ports.insert(request.remote_port);
    response.set_content(request.body, "application/octet-stream");
  });
  const RunningServer running(std::move(server), "https");
  HttpTransport transport(clock_, {.ca_file = ca_file_});
  for (int i = 0; i < 3; ++i) {
    Request request;
    request.method = "PUT";
    request.url = running.At("/echo");
    request.body = Body::FromReader(std::make_unique<PieceReader>(kLarge), kLarge);
    auto response = transport.Send(std::move(request), clock_.Elapsed() + seconds(20));
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(*ReadAll(response->body, kLarge), std::string(kLarge, 'x'));
  }
  EXPECT_EQ(ports.size(), 1u);
}

TEST_F(HttpsTransportTest, SurvivesAServerThatAnswersEarlyAndHangsUp) {
  const KeyAndCertificate identity = MakeServerCertificate(authority_, "IP:127.0.0.1");
  auto server =
      std::make_unique<httplib::SSLServer>(identity.certificate.get(), identity.key.get());
  server->set_keep_alive_max_count(1);
  server->set_pre_routing_handler([](const httplib::Request&, httplib::Response& response) {
    response.status = 401;
    return httplib::Server::HandlerResponse::Handled;
  });
  const RunningServer running(std::move(server), "https");
  constexpr std::size_t kMore = 64u << 20;
  HttpTransport transport(clock_, {.ca_file = ca_file_});
  Request request;
  request.method = "PATCH";
  request.url = running.At("/x");
  request.body = Body::FromReader(std::make_unique<PieceReader>(kMore), kMore);
  const auto response = transport.Send(std::move(request), clock_.Elapsed() + seconds(20));
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 401);
}

TEST_F(HttpsTransportTest, AnAnswerEndsTheSendingOfARequestThatNobodyReads) {
  const KeyAndCertificate identity = MakeServerCertificate(authority_, "IP:127.0.0.1");
  const RawServer server("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno",
                         RawServer::After::kHold, &identity);
  HttpTransport transport(clock_, {.ca_file = ca_file_});
  Request request;
  request.method = "PATCH";
  request.url = *Url::Parse(Concat({"https://127.0.0.1:", std::to_string(server.port()), "/x"}));
  request.body = Body::FromString(MoreThanASocketTakes());
  auto response = transport.Send(std::move(request), clock_.Elapsed() + seconds(20));
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 413);
  const auto body = ReadAll(response->body, 10);
  ASSERT_TRUE(body.ok()) << body.error().message();
  EXPECT_EQ(*body, "no");
}

TEST_F(HttpsTransportTest, WaitingForAnAnswerTakesNoProcessorTime) {
  const KeyAndCertificate identity = MakeServerCertificate(authority_, "IP:127.0.0.1");
  const RawServer silent("", RawServer::After::kHold, &identity);
  HttpTransport transport(clock_, {.ca_file = ca_file_});
  Request request;
  request.url = *Url::Parse(Concat({"https://127.0.0.1:", std::to_string(silent.port()), "/x"}));
  const std::clock_t before = std::clock();
  EXPECT_FALSE(transport.Send(std::move(request), clock_.Elapsed() + milliseconds(300)).ok());
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 10);
}

// httplib's servers make the process ignore the signal; a publisher has none.
TEST(NoSigpipe, LetsAWriteToAClosedPeerFailInsteadOfKill) {
  const auto ignored = std::signal(SIGPIPE, SIG_DFL);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  close(ends[0]);
  {
    const NoSigpipe guard;
    EXPECT_EQ(write(ends[1], "x", 1), -1);
  }
  close(ends[1]);
  std::signal(SIGPIPE, ignored);
}

TEST_F(HttpsTransportTest, ChecksTheNameInTheCertificate) {
  const auto server = Serve(MakeServerCertificate(authority_, "DNS:another.test,IP:127.0.0.2"));
  EXPECT_EQ(SendTrusting(ca_file_, server->At("/x")).error().code(), ErrorCode::kDenied);
}

TEST_F(HttpsTransportTest, SaysWhenTheAuthorityFileIsMissing) {
  const auto server = Serve(MakeServerCertificate(authority_, "IP:127.0.0.1"));
  EXPECT_EQ(SendTrusting("/nonexistent.pem", server->At("/x")).error().code(), ErrorCode::kInvalid);
}

TEST_F(HttpsTransportTest, ASpeakerOfPlainHttpIsUnavailable) {
  const RawServer plain("HTTP/1.1 400 Bad Request\r\n\r\n", RawServer::After::kClose);
  const Url url = *Url::Parse(Concat({"https://127.0.0.1:", std::to_string(plain.port()), "/x"}));
  HttpTransport transport(clock_, {.ca_file = ca_file_, .connect_timeout = milliseconds(100)});
  Request request;
  request.url = url;
  EXPECT_EQ(transport.Send(std::move(request), kNoDeadline).error().code(),
            ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace drydock::publisher
