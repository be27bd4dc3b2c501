#include "simulator/server/connection_pool.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace drydock::simulator {
namespace {

constexpr std::uint64_t kWake = 0;  // the number no connection has
constexpr int kWatchesAtOnce = 256;

}  // namespace

struct ConnectionPool::Parts {
  // Where a connection is: watched (waiting for bytes), queued (waiting for a worker) or served.
  struct Place {
    std::unique_ptr<Connection> connection;
    enum class At { kWatched, kQueued, kServed } at = At::kServed;
    Deadline until{};
    std::uint64_t silent_since = 0;  // a count that grows with each watch
    bool known_to_epoll = false;
    bool slow = false;  // served, but its peer is what takes the time
  };

  explicit Parts(ConnectionContext& given)
      : context(given), epoll(::epoll_create1(EPOLL_CLOEXEC)), wake(::eventfd(0, EFD_CLOEXEC)) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kWake;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event);
    context.wanted = [this] {
      const std::lock_guard lock(mutex);
      return !queue.empty() && (free_workers == 0 || !MayServe());
    };
    watcher = std::thread([this] { Watch(); });
  }

  ~Parts() {
    ::close(wake);
    ::close(epoll);
  }

  std::size_t live() const {
    const std::lock_guard lock(mutex);
    return places.size();
  }

  void Wake() const { ::eventfd_write(wake, 1); }

  void Take(std::unique_ptr<Connection> connection) {
    std::unique_lock lock(mutex);
    // While all of them are at work this one waits, and those behind it in the system's backlog.
    const auto has_room = [this] {
      return stopping || places.size() < context.limits.connections_max || !silent.empty();
    };
    if (!gone.wait_for(lock, context.limits.grace_time, has_room) || stopping) {
      return;  // it has to come again
    }
    const std::uint64_t number = ++last_number;
    if (places.size() >= context.limits.connections_max) {
      const std::uint64_t idlest = silent.begin()->second;
      places.at(idlest).connection->AnnounceStop();
      Queue(idlest);
    }
    connection->OnSlow([this, number] { Slow(number); });
    Place& place = places[number];
    place.connection = std::move(connection);
    WatchLocked(number, place);
  }

  void WatchLocked(std::uint64_t number, Place& place) {
    place.at = Place::At::kWatched;
    place.until = place.connection->waits_until();
    place.silent_since = ++watches;
    deadlines.emplace(place.until, number);
    silent.emplace(place.silent_since, number);
    gone.notify_all();
    epoll_event event{};
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.u64 = number;
    ::epoll_ctl(epoll, std::exchange(place.known_to_epoll, true) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                place.connection->fd(), &event);
    if (stopping && !place.connection->draining()) {
      Queue(number);  // it had not been told when it was asked last
    } else if (place.until < watching_until) {
      Wake();
    }
  }

  // Gives a watched connection to the workers.
  void Queue(std::uint64_t number) {
    const auto found = places.find(number);
    if (found == places.end() || found->second.at != Place::At::kWatched) {
      return;
    }
    deadlines.erase({found->second.until, number});
    silent.erase(found->second.silent_since);
    found->second.at = Place::At::kQueued;
    queue.push_back(number);
    Hire();
  }

  // Whether one more exchange may be served now.
  bool MayServe() const { return busy - slow < context.limits.workers_max; }

  // Somebody for the head of the queue.
  void Hire() {
    if (queue.empty()) {
      return;
    }
    const ServerLimits& limits = context.limits;
    if (free_workers < queue.size() &&
        workers.size() < limits.workers_max + std::min(slow, limits.slow_max)) {
      workers.emplace_back([this] { Work(); });
    }
    work.notify_one();
  }

  // The exchange of `number` waits for its peer more than it works: another takes its place.
  void Slow(std::uint64_t number) {
    const std::lock_guard lock(mutex);
    if (std::exchange(places.at(number).slow, true)) {
      return;  // in an exchange before this one
    }
    ++slow;
    if (slow > context.limits.slow_max) {
      BreakOffTheSlowest();
    }
    Hire();
  }

  void BreakOffTheSlowest() {
    Place* slowest = nullptr;
    Duration since = WaitAccount::kNotWaiting;
    for (auto& [number, place] : places) {
      if (place.slow && place.connection->waiting_since() < since) {
        slowest = &place;
        since = place.connection->waiting_since();
      }
    }
    if (slowest != nullptr) {
      slowest->slow = false;
      --slow;
      slowest->connection->Abort();
    }
  }

  // The watcher's thread.
  void Watch() {
    std::array<epoll_event, kWatchesAtOnce> events;
    std::unique_lock lock(mutex);
    while (!ended) {
      watching_until = deadlines.empty() ? kNoDeadline : deadlines.begin()->first;
      int timeout = -1;
      if (watching_until != kNoDeadline) {
        const Duration span = watching_until - context.clock.Elapsed();
        timeout = static_cast<int>(std::clamp<std::int64_t>(
            std::chrono::ceil<std::chrono::milliseconds>(span).count(), 0, 3'600'000));
      }
      lock.unlock();
      const int count = ::epoll_wait(epoll, events.data(), kWatchesAtOnce, timeout);
      lock.lock();
      for (int i = 0; i < count; ++i) {
        const std::uint64_t number = events[static_cast<std::size_t>(i)].data.u64;
        if (number == kWake) {
          eventfd_t times = 0;
          ::eventfd_read(wake, &times);
        } else {
          Queue(number);
        }
      }
      const Duration now = context.clock.Elapsed();
      while (!deadlines.empty() && deadlines.begin()->first <= now) {
        Queue(deadlines.begin()->second);
      }
    }
  }

  // A worker's thread.
  void Work() {
    std::unique_lock lock(mutex);
    while (true) {
      ++free_workers;
      work.wait(lock, [this] { return ended || (!queue.empty() && MayServe()); });
      --free_workers;
      if (queue.empty()) {
        return;
      }
      ++busy;
      const std::uint64_t number = queue.front();
      queue.pop_front();
      Place& place = places.at(number);
      place.at = Place::At::kServed;
      lock.unlock();
      const Connection::State state = place.connection->Serve();
      std::unique_ptr<Connection> over;
      lock.lock();
      --busy;
      slow -= std::exchange(place.slow, false) ? 1 : 0;
      if (state == Connection::State::kWaiting) {
        WatchLocked(number, place);
      } else {
        over = std::move(place.connection);
        places.erase(number);
        gone.notify_all();
        lock.unlock();
        over.reset();
        lock.lock();
      }
    }
  }

  void Stop() {
    std::vector<std::thread> joined;
    {
      std::unique_lock lock(mutex);
      if (std::exchange(stopping, true)) {
        return;
      }
      gone.notify_all();
      // First all of them: whoever sees one connection end may take the others for told.
      for (const auto& [number, place] : places) {
        place.connection->AnnounceStop();
      }
      while (!silent.empty()) {
        Queue(silent.begin()->second);
      }
      gone.wait_for(lock, context.limits.grace_time, [this] { return places.empty(); });
      for (const auto& [number, place] : places) {
        place.connection->Abort();
      }
      gone.wait(lock, [this] { return places.empty(); });
      ended = true;
      work.notify_all();
      Wake();
      joined.swap(workers);
    }
    watcher.join();
    for (std::thread& worker : joined) {
      worker.join();
    }
  }

  ConnectionContext& context;
  int epoll;
  int wake;
  std::thread watcher;
  mutable std::mutex mutex;
  std::condition_variable work;
  std::condition_variable gone;  // a connection, or its work for now
  std::vector<std::thread> workers;
  std::size_t free_workers = 0;
  std::size_t busy = 0;  // workers inside an exchange
  std::size_t slow = 0;  // of these: those whose peers are slow
  std::map<std::uint64_t, Place> places;
  std::deque<std::uint64_t> queue;
  std::set<std::pair<Deadline, std::uint64_t>> deadlines;  // of the watched ones
  std::map<std::uint64_t, std::uint64_t> silent;           // the watched ones, by silent_since
  std::uint64_t last_number = 0;
  std::uint64_t watches = 0;
  Deadline watching_until = kNoDeadline;
  bool stopping = false;
  bool ended = false;
};

ConnectionPool::ConnectionPool(ConnectionContext& context)
    : parts_(std::make_unique<Parts>(context)) {}
ConnectionPool::~ConnectionPool() { Stop(); }

void ConnectionPool::Take(std::unique_ptr<Connection> connection) {
  parts_->Take(std::move(connection));
}
std::size_t ConnectionPool::live() const { return parts_->live(); }
void ConnectionPool::Stop() { parts_->Stop(); }

}  // namespace drydock::simulator
