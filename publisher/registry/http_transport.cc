#include "publisher/registry/http_transport.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "core/text.h"
#include "publisher/registry/http_socket.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kAheadBytesMax = 256u << 10;  // read before anybody asked for it
constexpr Duration kSocketTimeoutMax = std::chrono::hours(24);
constexpr Duration kStopAgainAfter = std::chrono::milliseconds(20);
// What a socket waits beyond the deadline, which the caller's thread keeps more exactly.
constexpr Duration kSocketSlack = std::chrono::seconds(1);

// For httplib no different from a connection that is refused.
constexpr std::string_view kUnresolved = "the host's name was not found";

// What httplib takes for "host" and "port".
struct Place {
  std::string host;
  int port = 0;
};
std::optional<Place> PlaceOf(const Url& url) {
  const std::size_t bracket = url.host.rfind(']');
  const std::size_t colon = url.host.rfind(':');
  const bool has_port =
      colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  Place place;
  place.host = has_port ? url.host.substr(0, colon) : url.host;
  if (place.host.starts_with('[') && place.host.ends_with(']')) {
    place.host = place.host.substr(1, place.host.size() - 2);
  }
  const auto port = has_port ? ParseUnsigned(std::string_view(url.host).substr(colon + 1))
                             : std::optional<std::uint64_t>(url.scheme == "https" ? 443 : 80);
  if (!port || *port == 0 || *port > 65535 || place.host.empty()) {
    return std::nullopt;
  }
  place.port = static_cast<int>(*port);
  return place;
}

ErrorCode CodeOf(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
    case httplib::Error::ConnectionTimeout:
    case httplib::Error::BindIPAddress:
    case httplib::Error::SSLConnection:
      return ErrorCode::kUnavailable;
    case httplib::Error::SSLServerVerification:
      return ErrorCode::kDenied;
    case httplib::Error::SSLLoadingCerts:
      return ErrorCode::kInvalid;
    default:
      return ErrorCode::kAmbiguous;
  }
}

std::string_view WordsFor(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
      return "cannot connect";
    case httplib::Error::ConnectionTimeout:
      return "no connection in time";
    case httplib::Error::SSLConnection:
      return "the TLS handshake failed";
    case httplib::Error::SSLServerVerification:
      return "the server's certificate is not trusted";
    case httplib::Error::SSLLoadingCerts:
      return "the file of trusted authorities cannot be read";
    case httplib::Error::Write:
      return "the connection broke while the request was sent";
    case httplib::Error::Read:
      return "the connection broke, or what came is no HTTP";
    default:
      return "the exchange failed";
  }
}

Response HeadOf(const httplib::Response& from) {
  Response response;
  response.status = from.status;
  response.reason = from.reason;
  for (const auto& [name, value] : from.headers) {
    response.headers.Add(name, value);
  }
  return response;
}

std::optional<std::uint64_t> LengthOf(const Headers& headers) {
  return headers.Has("Transfer-Encoding") ? std::nullopt
                                          : ParseUnsigned(headers.Get("Content-Length"));
}

// Lets httplib speak through an HttpSocket.
class SocketStream : public httplib::Stream {
 public:
  SocketStream(int socket, SSL* tls, Duration silence_max)
      : handle_(socket), socket_(socket, tls, silence_max) {}

  bool is_readable() const override { return socket_.IsReadable(); }
  bool is_writable() const override { return true; }  // the socket waits where it writes
  ssize_t read(char* into, std::size_t size) override { return socket_.Read(into, size); }
  ssize_t write(const char* bytes, std::size_t size) override {
    return socket_.Write({bytes, size});
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  int socket() const override { return handle_; }

  bool IsReusable() { return socket_.IsReusable(); }

 private:
  int handle_;
  mutable HttpSocket socket_;
};

// An httplib client, plain or TLS, that does so.
template <class Client>
class SocketClient : public Client {
 public:
  using Client::Client;

 private:
  bool process_socket(const httplib::ClientImpl::Socket& socket,
                      std::function<bool(httplib::Stream&)> callback) override {
    const Duration silence_max = std::chrono::seconds(this->read_timeout_sec_) +
                                 std::chrono::microseconds(this->read_timeout_usec_);
    SocketStream stream(socket.sock, socket.ssl, silence_max);
    const bool good = callback(stream);
    // `socket` is the client's own; httplib has closed it already when the peer asked for that.
    if (socket.is_open() && !stream.IsReusable()) {
      const std::lock_guard lock(this->socket_mutex_);
      this->socket_should_be_closed_when_request_is_done_ = true;
    }
    return good;
  }
};

}  // namespace

// One origin's connection. httplib keeps it alive and opens it anew when the peer has closed it.
class HttpTransport::Connection {
 public:
  Connection(const Url& url, const Place& place, const Options& options) {
    if (url.scheme == "https") {
      client_ = std::make_unique<SocketClient<httplib::SSLClient>>(place.host, place.port);
      if (!options.ca_file.empty()) {
        client_->set_ca_cert_path(options.ca_file);
      }
    } else {
      client_ = std::make_unique<SocketClient<httplib::ClientImpl>>(place.host, place.port);
    }
    client_->set_keep_alive(true);
    client_->set_tcp_nodelay(true);
    client_->set_follow_location(false);
    client_->set_url_encode(false);
    client_->set_decompress(false);
    // Called for each address that is tried, so only when there is one.
    client_->set_socket_options([this](socket_t) { has_address_ = true; });
  }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    const NoSigpipe guard;
    client_.reset();  // says goodbye over TLS
  }

  // `left` is what the deadline leaves for all of the exchange.
  void SetTimeouts(Duration left, Duration connect) {
    left = std::clamp(left, Duration(1), kSocketTimeoutMax);
    client_->set_connection_timeout(std::min(left, connect));
    client_->set_read_timeout(left + kSocketSlack);
    client_->set_write_timeout(left + kSocketSlack);
  }

  bool Send(httplib::Request& request, httplib::Response& response, httplib::Error& error) {
    const NoSigpipe guard;
    has_address_ = false;
    return client_->send(request, response, error);
  }

  // Whether the last Send that had to connect had an address to connect to.
  bool has_address() const { return has_address_; }

  // Ends the exchange under way, from another thread.
  void Stop() {
    const NoSigpipe guard;
    client_->stop();
  }

 private:
  bool has_address_ = false;
  std::unique_ptr<httplib::ClientImpl> client_;
};

// One exchange: a thread pushes the request out and the answer in, the caller pulls it.
class HttpTransport::Flight {
 public:
  Flight(std::shared_ptr<Connection> connection, Request request, Clock& clock, Deadline deadline)
      : connection_(std::move(connection)),
        clock_(clock),
        deadline_(deadline),
        request_(std::move(request)),
        worker_([this] { Fly(); }) {}
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;
  ~Flight() { Land(); }

  // Waits for the head of the answer. Its body is left empty.
  Result<Response> Head() {
    std::unique_lock lock(mutex_);
    Wait(lock, [this] { return head_.has_value() || done_; });
    if (!head_) {
      return ErrorOf("");
    }
    return std::move(*head_);
  }

  Result<std::size_t> Read(std::span<char> into) {
    if (taken_bytes_ == taken_.size()) {
      std::unique_lock lock(mutex_);
      Wait(lock, [this] { return !ahead_.empty() || done_; });
      if (ahead_.empty()) {
        return failed_ ? Result<std::size_t>(ErrorOf("answer's body: ")) : std::size_t{0};
      }
      taken_.clear();
      taken_.swap(ahead_);
      taken_bytes_ = 0;
      changed_.notify_all();
    }
    const std::size_t size = taken_.copy(into.data(), into.size(), taken_bytes_);
    taken_bytes_ += size;
    return size;
  }

  // Gives up what is still under way and waits until the connection is free.
  void Land() {
    if (!worker_.joinable()) {
      return;
    }
    {
      std::unique_lock lock(mutex_);
      Abandon(lock);
    }
    worker_.join();
  }

 private:
  // Waits for `ready`, or ends the exchange at the deadline and then waits for that.
  template <class Ready>
  void Wait(std::unique_lock<std::mutex>& lock, Ready ready) {
    if (deadline_ == kNoDeadline) {
      changed_.wait(lock, ready);
      return;
    }
    if (!changed_.wait_for(lock, deadline_ - clock_.Elapsed(), ready)) {
      timed_out_ = true;
      Abandon(lock);
      ahead_.clear();
    }
  }

  // Ends the exchange. One that still connects cannot be stopped, so it is told again.
  void Abandon(std::unique_lock<std::mutex>& lock) {
    abandoned_ = true;
    changed_.notify_all();
    while (!done_) {
      lock.unlock();
      connection_->Stop();
      lock.lock();
      changed_.wait_for(lock, kStopAgainAfter, [this] { return done_; });
    }
  }

  Error ErrorOf(std::string_view where) const {
    if (source_error_) {
      return source_error_->At("request's body");
    }
    const ErrorCode lost = CodeOf(error_);
    if (timed_out_ && lost != ErrorCode::kUnavailable) {
      return Error(ErrorCode::kTimeout, Concat({where, "the deadline passed"}));
    }
    return Error(lost, Concat({where, unresolved_ ? kUnresolved : WordsFor(error_)}));
  }

  // Runs on the worker.
  void Fly() {
    httplib::Request request;
    request.method = request_.method;
    request.path = request_.url.Target();
    for (const auto& [name, value] : request_.headers) {
      request.headers.emplace(name, value);
    }
    AddBody(request);
    request.response_handler = [this](const httplib::Response& response) { return Got(response); };
    request.content_receiver = [this](const char* data, std::size_t size, std::uint64_t,
                                      std::uint64_t) { return Got(data, size); };
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    const bool sent = connection_->Send(request, response, error);
    const std::lock_guard lock(mutex_);
    if (sent && !head_ && !head_given_) {
      head_ = HeadOf(response);
    }
    error_ = error;
    unresolved_ = error == httplib::Error::Connection && !connection_->has_address();
    failed_ = !sent;
    done_ = true;
    changed_.notify_all();
  }

  void AddBody(httplib::Request& request) {
    const auto length = request_.body.length();
    if (length == std::uint64_t{0}) {
      return;
    }
    if (!length) {
      request.is_chunked_content_provider_ = true;
      request.headers.emplace("Transfer-Encoding", "chunked");
    }
    request.content_length_ = static_cast<std::size_t>(length.value_or(0));
    request.content_provider_ = [this, length](std::size_t offset, std::size_t,
                                               httplib::DataSink& sink) {
      return Give(length ? *length - offset : std::optional<std::uint64_t>(), sink);
    };
  }

  // Hands the next piece of the request's body to the socket. `left`: bytes still announced.
  bool Give(std::optional<std::uint64_t> left, httplib::DataSink& sink) {
    std::array<char, 65536> piece{};
    const std::size_t room = static_cast<std::size_t>(
        std::min<std::uint64_t>(piece.size(), left.value_or(piece.size())));
    auto size = request_.body.Read(std::span(piece).first(room));
    if (size.ok() && *size == 0 && left) {
      size = Error(ErrorCode::kInvalid, "shorter than announced");
    }
    if (!size) {
      const std::lock_guard lock(mutex_);
      source_error_ = size.error();
      return false;
    }
    if (*size == 0) {
      sink.done();
      return true;
    }
    return sink.write(piece.data(), *size);
  }

  bool Got(const httplib::Response& response) {
    const std::lock_guard lock(mutex_);
    head_ = HeadOf(response);
    head_given_ = true;
    changed_.notify_all();
    return !abandoned_;
  }

  bool Got(const char* data, std::size_t size) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ahead_.size() < kAheadBytesMax || abandoned_; });
    if (abandoned_) {
      return false;
    }
    if (ahead_.empty()) {
      changed_.notify_all();
    }
    ahead_.append(data, size);
    return true;
  }

  const std::shared_ptr<Connection> connection_;
  Clock& clock_;
  const Deadline deadline_;
  Request request_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Response> head_;
  bool head_given_ = false;  // head_ may have been taken again
  std::string ahead_;        // of the answer's body
  bool abandoned_ = false;
  bool timed_out_ = false;
  bool failed_ = false;
  bool done_ = false;
  httplib::Error error_ = httplib::Error::Success;
  bool unresolved_ = false;            // no connection, for want of an address
  std::optional<Error> source_error_;  // the request's body broke off

  // The caller's own: what it took over from `ahead_`, and how much of it was read.
  std::string taken_;
  std::size_t taken_bytes_ = 0;

  std::thread worker_;  // last: it uses all of the above
};

// The body of the answer that a Flight brings in; dropping it ends the flight.
class HttpTransport::FlightBody : public BodyReader {
 public:
  explicit FlightBody(std::shared_ptr<Flight> flight) : flight_(std::move(flight)) {}
  Result<std::size_t> Read(std::span<char> into) override { return flight_->Read(into); }

 private:
  std::shared_ptr<Flight> flight_;
};

HttpTransport::HttpTransport(Clock& clock, Options options)
    : clock_(clock), options_(std::move(options)) {}

HttpTransport::~HttpTransport() = default;

Result<Response> HttpTransport::Send(Request request, Deadline deadline) {
  if (const auto flight = in_flight_.lock()) {
    flight->Land();
  }
  const std::string origin = request.url.Origin();
  const bool no_body = request.method == "HEAD";
  auto connection = ConnectionTo(request.url);
  if (connection == nullptr) {
    return Error(ErrorCode::kInvalid, Concat({"no host and port to connect to: ", origin}));
  }
  const Duration left = deadline == kNoDeadline ? kSocketTimeoutMax : deadline - clock_.Elapsed();
  if (left <= Duration::zero()) {
    return Error(ErrorCode::kUnavailable,
                 Concat({origin, ": the deadline passed before anything was sent"}));
  }
  connection->SetTimeouts(left, options_.connect_timeout);
  auto flight =
      std::make_shared<Flight>(std::move(connection), std::move(request), clock_, deadline);
  in_flight_ = flight;
  auto head = flight->Head();
  if (!head) {
    return head.error().At(origin);
  }
  if (!no_body && head->status != 204 && head->status != 304) {
    const auto length = LengthOf(head->headers);
    head->body = Body::FromReader(std::make_unique<FlightBody>(std::move(flight)), length);
  }
  return head;
}

std::shared_ptr<HttpTransport::Connection> HttpTransport::ConnectionTo(const Url& url) {
  const auto place = PlaceOf(url);
  if (!place) {
    return nullptr;
  }
  auto& connection = connections_[url.Origin()];
  if (connection == nullptr) {
    connection = std::make_shared<Connection>(url, *place, options_);
  }
  return connection;
}

}  // namespace drydock::publisher
