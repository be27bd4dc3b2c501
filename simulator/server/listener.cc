#include "simulator/server/listener.h"

#include <httplib.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "core/text.h"
#include "simulator/server/connection_pool.h"
#include "simulator/server/tls_stream.h"

namespace drydock::simulator {
namespace {

// httplib asks the kernel for a queue of 5, which a client opening ten connections overruns.
constexpr int kBacklog = 512;

// Accepting a connection is no work: the accepting thread does it itself.
class InlineTasks : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> task) override { task(); }
  void shutdown() override {}
};

Error BindError(int error, const Endpoint& endpoint) {
  const std::string where = Authority(endpoint);
  switch (error) {
    case EADDRINUSE:
      return Error(ErrorCode::kConflict,
                   where + ": the port is in use; choose another one, or 0 for any free one");
    case EACCES:
      return Error(ErrorCode::kDenied, where + ": this port is not for everybody to bind");
    default:
      return Error(ErrorCode::kInvalid,
                   Concat({where, ": cannot listen: ",
                           error == 0 ? "no such address" : std::strerror(error)}));
  }
}

// Makes room for `wanted` open files as far as this process may; gives how many there may be.
std::size_t RaiseFileLimit(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return wanted;
  }
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, wanted));
}

}  // namespace

struct Listener::Parts {
  Parts(ConnectionContext& given, const TlsIdentity* identity)
      : context(given), tls(identity), pool(context) {}

  void Take(int fd) {
    std::unique_ptr<Stream> stream;
    if (tls != nullptr) {
      stream = std::make_unique<TlsStream>(fd, *tls, context.clock);
    } else {
      stream = std::make_unique<Socket>(fd, context.clock);
    }
    auto connection = std::make_unique<Connection>(std::move(stream), ++connections, context);
    if (connection->Open()) {
      pool.Take(std::move(connection));
    }
  }

  ConnectionContext& context;
  const TlsIdentity* tls;
  std::atomic<std::uint64_t> connections = 0;
  ConnectionPool pool;
  std::mutex mutex;
  bool started = false;
  bool stopped = false;
  std::map<Endpoint, std::unique_ptr<Acceptor>> acceptors;
};

// One address. httplib's request handling is left out: process_and_close_socket is where it would
// begin.
class Listener::Acceptor : public httplib::Server {
 public:
  explicit Acceptor(Parts& parts) : parts_(parts) {
    new_task_queue = [] { return new InlineTasks; };
    // httplib's own options add SO_REUSEPORT, with which two servers share a port unnoticed.
    set_socket_options([](socket_t socket) {
      const int on = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
  }
  ~Acceptor() override { Stop(); }

  Result<std::uint16_t> Bind(const Endpoint& endpoint) {
    errno = 0;
    const int bound = endpoint.port == 0 ? bind_to_any_port(endpoint.address)
                      : bind_to_port(endpoint.address, endpoint.port) ? endpoint.port
                                                                      : -1;
    if (bound < 0) {
      return BindError(errno, endpoint);
    }
    ::listen(svr_sock_, kBacklog);
    return static_cast<std::uint16_t>(bound);
  }

  void Start() {
    accepting_ = std::thread([this] { listen_after_bind(); });
    while (!is_running()) {  // until then httplib's stop() would do nothing
      std::this_thread::yield();
    }
  }

  void Stop() {
    if (accepting_.joinable()) {
      stop();
      accepting_.join();
    } else if (const socket_t bound = svr_sock_.exchange(INVALID_SOCKET); bound != INVALID_SOCKET) {
      ::close(bound);
    }
  }

 private:
  bool process_and_close_socket(socket_t socket) override {
    parts_.Take(socket);
    return true;
  }

  Parts& parts_;
  std::thread accepting_;
};

Listener::Listener(ConnectionContext& context, const TlsIdentity* tls) {
  constexpr std::size_t kOtherFiles = 256;
  const std::size_t files = RaiseFileLimit(context.limits.connections_max + kOtherFiles);
  context.limits.connections_max =
      std::min(context.limits.connections_max, files - std::min(files / 2, kOtherFiles));
  parts_ = std::make_unique<Parts>(context, tls);
}

Listener::~Listener() { Stop(); }

Result<std::uint16_t> Listener::Bind(const Endpoint& endpoint) {
  auto acceptor = std::make_unique<Acceptor>(*parts_);
  Result<std::uint16_t> port = acceptor->Bind(endpoint);
  if (!port) {
    return port;
  }
  const std::lock_guard lock(parts_->mutex);
  if (parts_->stopped) {
    return Error(ErrorCode::kCancelled, Authority(endpoint) + ": the server is being stopped");
  }
  if (parts_->started) {
    acceptor->Start();
  }
  parts_->acceptors[{endpoint.address, *port}] = std::move(acceptor);
  return port;
}

void Listener::Start() {
  const std::lock_guard lock(parts_->mutex);
  parts_->started = true;
  for (const auto& [endpoint, acceptor] : parts_->acceptors) {
    acceptor->Start();
  }
}

void Listener::Unbind(const Endpoint& endpoint) {
  std::unique_ptr<Acceptor> gone;
  const std::lock_guard lock(parts_->mutex);
  if (const auto found = parts_->acceptors.find(endpoint); found != parts_->acceptors.end()) {
    gone = std::move(found->second);
    parts_->acceptors.erase(found);
  }
}

void Listener::Stop() {
  std::map<Endpoint, std::unique_ptr<Acceptor>> gone;
  {
    const std::lock_guard lock(parts_->mutex);
    parts_->stopped = true;
    gone.swap(parts_->acceptors);
  }
  gone.clear();
  parts_->pool.Stop();
}

std::uint64_t Listener::connections() const { return parts_->connections; }
std::size_t Listener::live() const { return parts_->pool.live(); }

}  // namespace drydock::simulator
