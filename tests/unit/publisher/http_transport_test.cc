// The real transport against real sockets: plain and TLS, well-behaved servers and broken ones.
#include "publisher/registry/http_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "core/text.h"
#include "publisher/registry/failure.h"
#include "publisher/registry/http_socket.h"
#include "tests/unit/publisher/loopback.h"

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

constexpr std::size_t kLarge = 2u << 20;
const std::string kMoreThanASocketTakes(64u << 20, 'x');

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

class HttpTransportTest : public ::testing::Test {
 protected:
  Result<Response> Send(const Url& url, const std::string& method = "GET", Body body = {},
                        Headers headers = {}) {
    Request request;
    request.method = method;
    request.url = url;
    request.headers = std::move(headers);
    request.body = std::move(body);
    return transport_.Send(std::move(request), clock_.Elapsed() + seconds(20));
  }
  Result<Response> SendWithin(const Url& url, Duration span) {
    Request request;
    request.url = url;
    return transport_.Send(std::move(request), clock_.Elapsed() + span);
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
  Echo echo_;
  HttpTransport transport_{clock_};
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

TEST_F(HttpTransportTest, ReadsToTheEndOfTheConnectionWithoutALength) {
  const RawServer server("HTTP/1.1 200 OK\r\n\r\nall of it", RawServer::After::kClose);
  auto response = Send(*Url::Parse(server.Url()));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->body.length(), std::nullopt);
  EXPECT_EQ(*ReadAll(response->body, 100), "all of it");
}

// The Hub's edge in 2020. The body is what follows, line feeds and all; the request is longer than
// what the server reads of it.
TEST_F(HttpTransportTest, ALineOfTheHeadMayEndInABareLineFeed) {
  const RawServer server("HTTP/1.1 429 Too Many Requests\nRetry-After: 60\n\n\na\nb\n",
                         RawServer::After::kClose);
  auto response =
      Send(*Url::Parse(server.Url()), "PUT", Body::FromString(std::string(64u << 10, 'x')));
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->headers.Get("Retry-After"), "60");
  EXPECT_EQ(*ReadAll(response->body, 100), "\na\nb\n");
}

TEST_F(HttpTransportTest, ALostAnswerIsAmbiguous) {
  struct Row {
    const char* name;
    const char* reply;
    RawServer::After after;
  };
  const std::vector<Row> rows = {
      {"closed at once", "", RawServer::After::kClose},
      {"reset at once", "", RawServer::After::kReset},
      {"closed in the head", "HTTP/1.1 200 OK\r\nContent-Le", RawServer::After::kClose},
      {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", RawServer::After::kClose},
      {"status that is none", "HTTP/1.1 twohundred OK\r\n\r\n", RawServer::After::kClose},
      {"closed in the body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
       RawServer::After::kClose},
      {"reset in the body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
       RawServer::After::kReset},
      {"chunks without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
       RawServer::After::kClose},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const RawServer server(row.reply, row.after);
    EXPECT_EQ(FailureOf(Send(*Url::Parse(server.Url()), "PUT", Body::FromString("x"))),
              ErrorCode::kAmbiguous);
    EXPECT_EQ(server.connections(), 1) << "sent twice";
  }
}

TEST_F(HttpTransportTest, HearsAnAnswerThatComesBeforeTheRequestIsThrough) {
  const RawServer server("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno",
                         RawServer::After::kClose);
  constexpr std::size_t kMore = 64u << 20;  // than any socket takes at once
  auto response = Send(*Url::Parse(server.Url()), "PATCH",
                       Body::FromReader(std::make_unique<PieceReader>(kMore), kMore));
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 401);
}

// The peer has answered, reads no more and does not hang up: sending on would wait for nothing.
TEST_F(HttpTransportTest, AnAnswerEndsTheSendingOfARequestThatNobodyReads) {
  const RawServer server("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno",
                         RawServer::After::kHold);
  auto response = Send(*Url::Parse(server.Url()), "PATCH", Body::FromString(kMoreThanASocketTakes));
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 413);
  const auto body = ReadAll(response->body, 10);
  ASSERT_TRUE(body.ok()) << body.error().message();
  EXPECT_EQ(*body, "no");
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

TEST_F(HttpTransportTest, DoesNotTakeASurplusOfOneAnswerForTheNext) {
  const RawServer server(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Surplus\r\n\r\n",
      RawServer::After::kHold);
  for (int i = 1; i <= 2; ++i) {
    auto response = Send(*Url::Parse(server.Url()));
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(*ReadAll(response->body, 10), "ok");
    EXPECT_EQ(server.connections(), i);
  }
}

TEST_F(HttpTransportTest, AnEndlessHeadIsNoHead) {
  for (const char* start : {"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nX-Endless: "}) {
    const RawServer server(Concat({start, std::string(4u << 20, 'a'), "\r\n\r\n"}),
                           RawServer::After::kClose);
    EXPECT_EQ(FailureOf(Send(*Url::Parse(server.Url()))), ErrorCode::kAmbiguous) << start;
  }
}

TEST_F(HttpTransportTest, GivesWhatCameBeforeTheCut) {
  const RawServer server("HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nabc",
                         RawServer::After::kClose);
  auto response = Send(*Url::Parse(server.Url()));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 500);
  std::array<char, 10> piece{};
  EXPECT_EQ(*response->body.Read(piece), 3u);
  EXPECT_EQ(response->body.Read(piece).error().code(), ErrorCode::kAmbiguous);
}

TEST_F(HttpTransportTest, NothingListeningIsUnavailable) {
  const std::string nobody = Concat({"http://127.0.0.1:", std::to_string(UnusedPort()), "/"});
  const auto refused = Send(*Url::Parse(nobody));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().message(),
            Concat({nobody.substr(0, nobody.size() - 1), ": cannot connect"}));
  EXPECT_EQ(Send(*Url::Parse("http://127.0.0.1:port/")).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(Send(*Url::Parse("http://127.0.0.1:70000/")).error().code(), ErrorCode::kInvalid);
}

TEST_F(HttpTransportTest, AHostWhoseNameIsNotFoundIsToldApart) {
  for (const char* origin : {"http://no.such.host.invalid", "https://no.such.host.invalid:5000"}) {
    const auto lost = Send(*Url::Parse(Concat({origin, "/v2/"})));
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().code(), ErrorCode::kUnavailable);
    EXPECT_EQ(lost.error().message(), Concat({origin, ": the host's name was not found"}));
    const Failure failure = ClassifyLoss("GET", Concat({origin, "/v2/"}), lost.error());
    EXPECT_EQ(failure.next, NextMove::kRetry);
    EXPECT_THAT(failure.advice, HasSubstr("DNS"));
  }
}

TEST_F(HttpTransportTest, TheDeadlineEndsASilentServerAndATricklingBody) {
  const RawServer silent("", RawServer::After::kHold);
  EXPECT_EQ(SendWithin(*Url::Parse(silent.Url()), milliseconds(50)).error().code(),
            ErrorCode::kTimeout);
  const RawServer stalls("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
                         RawServer::After::kHold);
  EXPECT_EQ(FailureOf(SendWithin(*Url::Parse(stalls.Url()), milliseconds(100))),
            ErrorCode::kTimeout);
  const auto late = SendWithin(*Url::Parse(silent.Url()), milliseconds(-1));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(silent.connections(), 1);
}

TEST_F(HttpTransportTest, OpensAConnectionAnewThatTheServerHasClosed) {
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                         RawServer::After::kClose);
  for (int i = 1; i <= 3; ++i) {
    auto response = Send(*Url::Parse(server.Url()));
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(*ReadAll(response->body, 10), "ok");
    EXPECT_EQ(server.connections(), i);
  }
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
  request.body = Body::FromString(kMoreThanASocketTakes);
  auto response = transport.Send(std::move(request), clock_.Elapsed() + seconds(20));
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 413);
  const auto body = ReadAll(response->body, 10);
  ASSERT_TRUE(body.ok()) << body.error().message();
  EXPECT_EQ(*body, "no");
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
