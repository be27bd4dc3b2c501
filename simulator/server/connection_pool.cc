#include "simulator/server/connection_pool.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace drydock::simulator {
namespace {

constexpr std::uint64_t kWake = 0;  // the number no connection has
// An exchange of more than one or two of these takes its time, whatever for.
constexpr Duration kTick = std::chrono::milliseconds(5);

}  // namespace

struct ConnectionPool::Parts {
  using Numbers = std::list<std::uint64_t>;
  // Where a connection is: watched (waiting for bytes), queued (to be served without any) or
  // served.
  struct Place {
    std::unique_ptr<Connection> connection;
    enum class At { kWatched, kQueued, kServed } at = At::kServed;
    Deadline until{};
    Deadline noted = kNoDeadline;  // what `deadlines` has of it
    Numbers::iterator turn{};      // in `silent` while watched, else in `others`
    bool known_to_epoll = false;
    bool brief = false;  // served by a worker that is on duty
    bool slow = false;   // served, but its peer is what takes the time
  };
  struct Brief {
    std::uint64_t number;
    std::uint64_t since;  // tick
  };

  explicit Parts(ConnectionContext& given)
      : context(given),
        workers_max(std::max<std::size_t>(given.limits.workers_max, 1)),
        duty_max(std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, workers_max)),
        epoll(::epoll_create1(EPOLL_CLOEXEC)),
        wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kWake;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event);
    supervisor = std::thread([this] { Supervise(); });
  }

  ~Parts() {
    ::close(wake);
    ::close(epoll);
  }

  std::size_t live() const {
    const std::lock_guard lock(mutex);
    return places.size();
  }

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
      const std::uint64_t idlest = silent.front();
      places.at(idlest).connection->AnnounceStop();
      Queue(idlest);
    }
    connection->OnWait([this, number] {
      const std::lock_guard waiting(mutex);
      StepAside(number);
    });
    connection->OnSlow([this, number] { Slow(number); });
    Place& place = places[number];
    place.connection = std::move(connection);
    place.turn = others.insert(others.end(), number);
    Watch(number, place);
    Summon();
  }

  void Watch(std::uint64_t number, Place& place) {
    place.at = Place::At::kWatched;
    silent.splice(silent.end(), others, place.turn);
    gone.notify_all();
    place.until = place.connection->waits_until();
    NoteDeadline(number, place);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.u64 = number;
    ::epoll_ctl(epoll, std::exchange(place.known_to_epoll, true) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                place.connection->fd(), &event);
    if (stopping && !place.connection->draining()) {
      Queue(number);  // it had not been told when it was asked last
    }
  }

  // Mostly a deadline moves on: then the old one stays noted, and is looked at when it comes.
  void NoteDeadline(std::uint64_t number, Place& place) {
    if (place.until >= place.noted) {
      return;
    }
    if (place.noted != kNoDeadline) {
      deadlines.erase({place.noted, number});
    }
    place.noted = place.until;
    const auto noted = deadlines.emplace(place.noted, number).first;
    if (noted == deadlines.begin()) {
      looks.notify_one();
    }
  }

  // Has a watched connection served though it says nothing.
  void Queue(std::uint64_t number) {
    const auto found = places.find(number);
    if (found == places.end() || found->second.at != Place::At::kWatched) {
      return;
    }
    others.splice(others.end(), silent, found->second.turn);
    found->second.at = Place::At::kQueued;
    queue.push_back(number);
    ::eventfd_write(wake, 1);
  }

  // Exchanges that nobody on duty serves, without the slow ones.
  std::size_t Aside() const { return busy - brief.size() - slow; }

  // Whether one more exchange may be served, and nobody would do it.
  bool Wanting() const {
    return on_duty < std::min(duty_max, places.size()) && on_duty + Aside() < workers_max;
  }

  // Somebody for every place on duty.
  void Summon() {
    while (Wanting()) {
      if (summoned < parked) {
        ++summoned;
        bench.notify_one();
      } else if (workers.size() < workers_max + context.limits.slow_max) {
        workers.emplace_back([this] { Work(); });
      } else {
        return;
      }
      ++on_duty;
    }
  }

  // Whoever serves `number` is no longer on duty: it may take long.
  void StepAside(std::uint64_t number) {
    const auto found = std::find_if(brief.begin(), brief.end(), [number](const Brief& exchange) {
      return exchange.number == number;
    });
    if (found != brief.end()) {
      brief.erase(found);
      places.at(number).brief = false;
      --on_duty;
      Summon();
    }
  }

  // The exchange of `number` waits for its peer more than it works: another takes its place.
  void Slow(std::uint64_t number) {
    const std::lock_guard lock(mutex);
    StepAside(number);
    if (std::exchange(places.at(number).slow, true)) {
      return;  // in an exchange before this one
    }
    ++slow;
    if (slow > context.limits.slow_max) {
      BreakOffTheSlowest();
    }
    Summon();
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

  // The supervisor's thread: deadlines, and exchanges that turn out to be long. It sleeps while
  // there is neither.
  void Supervise() {
    std::unique_lock lock(mutex);
    while (!ended) {
      const Duration now = context.clock.Elapsed();
      while (!deadlines.empty() && deadlines.begin()->first <= now) {
        const std::uint64_t number = deadlines.begin()->second;
        deadlines.erase(deadlines.begin());
        Place& place = places.at(number);
        place.noted = kNoDeadline;
        if (place.at != Place::At::kWatched) {
          continue;
        }
        if (place.until <= now) {
          Queue(number);
        } else {
          NoteDeadline(number, place);
        }
      }
      ticking = std::exchange(served, false) || !brief.empty();
      if (ticking) {
        looks.wait_for(lock, kTick);
        Tick();
      } else if (deadlines.empty()) {
        looks.wait(lock);
      } else {
        looks.wait_for(lock, deadlines.begin()->first - now);
      }
    }
  }

  void Tick() {
    ++ticks;
    for (std::size_t i = brief.size(); i-- > 0;) {
      if (i < brief.size() && ticks - brief[i].since > 1) {
        StepAside(brief[i].number);
      }
    }
  }

  // A worker's thread. It begins on duty, that is in the number that watches all connections and
  // serves the next one to speak.
  void Work() {
    std::vector<char> room;
    std::unique_lock lock(mutex);
    while (!ended) {
      lock.unlock();
      epoll_event event{};
      const int count = ::epoll_wait(epoll, &event, 1, -1);
      lock.lock();
      if (count == 1) {
        if (const std::uint64_t number = Pick(event.data.u64); number != kWake) {
          ServeNext(number, room, lock);
        }
      }
    }
  }

  // What a watcher was woken for: a connection to be served, or nothing after all.
  std::uint64_t Pick(std::uint64_t number) {
    if (number != kWake) {
      const auto found = places.find(number);
      if (found == places.end() || found->second.at != Place::At::kWatched) {
        return kWake;  // queued in the meantime
      }
      others.splice(others.end(), silent, found->second.turn);
      return number;
    }
    eventfd_t one = 0;
    if (ended || ::eventfd_read(wake, &one) != 0 || queue.empty()) {
      return kWake;
    }
    number = queue.front();
    queue.pop_front();
    return number;
  }

  void ServeNext(std::uint64_t number, std::vector<char>& room,
                 std::unique_lock<std::mutex>& lock) {
    Place& place = places.at(number);
    place.at = Place::At::kServed;
    place.brief = true;
    brief.push_back({number, ticks});
    ++busy;
    served = true;
    if (!ticking) {
      ticking = true;
      looks.notify_one();
    }
    lock.unlock();
    const Connection::State state = place.connection->Serve(room);
    lock.lock();
    --busy;
    slow -= std::exchange(place.slow, false) ? 1 : 0;
    const bool still_on_duty = std::exchange(place.brief, false);
    if (still_on_duty) {
      brief.erase(std::find_if(brief.begin(), brief.end(), [number](const Brief& exchange) {
        return exchange.number == number;
      }));
    }
    if (state == Connection::State::kWaiting) {
      Watch(number, place);
    } else {
      Drop(number, place, lock);
    }
    if (!still_on_duty) {
      Return(lock);
    }
  }

  void Drop(std::uint64_t number, Place& place, std::unique_lock<std::mutex>& lock) {
    std::unique_ptr<Connection> over = std::move(place.connection);
    others.erase(place.turn);
    if (place.noted != kNoDeadline) {
      deadlines.erase({place.noted, number});
    }
    places.erase(number);
    gone.notify_all();
    lock.unlock();
    over.reset();
    lock.lock();
  }

  // On duty again, at once or when there is need.
  void Return(std::unique_lock<std::mutex>& lock) {
    if (Wanting()) {
      ++on_duty;
      return;
    }
    ++parked;
    bench.wait(lock, [this] { return ended || summoned > 0; });
    --parked;
    summoned -= summoned > 0 ? 1 : 0;
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
        Queue(silent.front());
      }
      gone.wait_for(lock, context.limits.grace_time, [this] { return places.empty(); });
      for (const auto& [number, place] : places) {
        place.connection->Abort();
      }
      gone.wait(lock, [this] { return places.empty(); });
      ended = true;
      bench.notify_all();
      looks.notify_all();
      ::eventfd_write(wake, 1);  // and nobody takes it, so that all watchers see it
      joined.swap(workers);
    }
    supervisor.join();
    for (std::thread& worker : joined) {
      worker.join();
    }
  }

  ConnectionContext& context;
  std::size_t workers_max;
  std::size_t duty_max;
  int epoll;
  int wake;  // counts what is queued
  std::thread supervisor;
  mutable std::mutex mutex;
  std::condition_variable looks;  // the supervisor's
  std::condition_variable bench;  // of workers that are not on duty
  std::condition_variable gone;   // a connection, or its work for now
  std::vector<std::thread> workers;
  std::size_t on_duty = 0;   // workers that watch, and those in `brief`
  std::size_t parked = 0;    // workers on the bench
  std::size_t summoned = 0;  // of these: those that are called and count as on duty
  std::size_t busy = 0;      // exchanges that are served
  std::size_t slow = 0;      // of these: those whose peers are slow
  std::vector<Brief> brief;  // and those served by workers on duty
  std::unordered_map<std::uint64_t, Place> places;
  std::deque<std::uint64_t> queue;
  std::set<std::pair<Deadline, std::uint64_t>> deadlines;
  Numbers silent;  // connections that are watched, the one that has been for longest first
  Numbers others;
  std::uint64_t last_number = 0;
  std::uint64_t ticks = 0;
  bool ticking = false;  // the supervisor looks after long exchanges
  bool served = false;   // since it looked last
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
