#include "simulator/server/listener.h"

#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "core/text.h"

namespace drydock::simulator {
namespace {

// httplib asks the kernel for a queue of 5, which a client opening ten connections overruns.
constexpr int kBacklog = 512;

}  // namespace

// httplib's request handling is left out: process_and_close_socket is where it would begin.
class Listener::Acceptor : public httplib::Server {
 public:
  explicit Acceptor(ConnectionContext& context) : context_(context) {
    // Half of the places at most may idle: whoever comes finds one within one exchange.
    context_.crowded = [this] { return active() > context_.limits.connections_max / 2; };
    new_task_queue = [this] { return new httplib::ThreadPool(context_.limits.connections_max); };
    // httplib's own options add SO_REUSEPORT, with which two servers share a port unnoticed.
    set_socket_options([](socket_t socket) {
      const int on = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
  }

  Result<std::uint16_t> Bind(const std::string& host, std::uint16_t port) {
    errno = 0;
    const int bound = port == 0 ? bind_to_any_port(host) : bind_to_port(host, port) ? port : -1;
    if (bound < 0) {
      return BindError(errno, host, port);
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
    if (!accepting_.joinable()) {
      if (const socket_t bound = svr_sock_.exchange(INVALID_SOCKET); bound != INVALID_SOCKET) {
        ::close(bound);
      }
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      // First all of them: whoever sees one connection end may take the others for told.
      for (Connection* connection : live_) {
        connection->AnnounceStop();
      }
      for (Connection* connection : live_) {
        connection->Stop();
      }
    }
    stop();
    {
      std::unique_lock lock(mutex_);
      gone_.wait_for(lock, context_.limits.grace_time, [this] { return live_.empty(); });
      for (Connection* connection : live_) {
        connection->Abort();
      }
    }
    accepting_.join();
  }

  std::uint64_t connections() const { return connections_; }

 private:
  static Error BindError(int error, const std::string& host, std::uint16_t port) {
    const std::string where = Concat({host, ":", std::to_string(port)});
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

  std::size_t active() const {
    const std::lock_guard lock(mutex_);
    return live_.size();
  }

  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, ++connections_, context_);
    {
      const std::lock_guard lock(mutex_);
      live_.insert(&connection);
      if (stopping_) {
        connection.Stop();
      }
    }
    connection.Run();
    const std::lock_guard lock(mutex_);
    live_.erase(&connection);
    gone_.notify_all();
    return true;
  }

  ConnectionContext& context_;
  std::thread accepting_;
  std::atomic<std::uint64_t> connections_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable gone_;
  std::set<Connection*> live_;
  bool stopping_ = false;
};

Listener::Listener(ConnectionContext& context) : acceptor_(std::make_unique<Acceptor>(context)) {}
Listener::~Listener() { Stop(); }

Result<std::uint16_t> Listener::Bind(const std::string& host, std::uint16_t port) {
  return acceptor_->Bind(host, port);
}

void Listener::Start() { acceptor_->Start(); }
void Listener::Stop() { acceptor_->Stop(); }
std::uint64_t Listener::connections() const { return acceptor_->connections(); }

}  // namespace drydock::simulator
