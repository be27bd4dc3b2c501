#include "publisher/build/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "core/text.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX asks for it

namespace drydock::publisher {
namespace {

constexpr std::size_t kPieceBytes = 16u << 10;
constexpr int kSignalBase = 128;

class Descriptor {
 public:
  explicit Descriptor(int held) : held_(held) {}
  Descriptor() = default;
  Descriptor(Descriptor&& other) noexcept : held_(std::exchange(other.held_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~Descriptor() { Close(); }

  int get() const { return held_; }
  bool open() const { return held_ >= 0; }
  void Close() {
    if (held_ >= 0) {
      ::close(std::exchange(held_, -1));
    }
  }

 private:
  int held_ = -1;
};

struct Pipe {
  Descriptor read;
  Descriptor write;

  // Neither end reaches a child by itself.
  static Pipe Make() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return {};
    }
    return {Descriptor(ends[0]), Descriptor(ends[1])};
  }
};

// What posix_spawn needs, freed on every path.
class SpawnPlan {
 public:
  SpawnPlan(int input, int output, int diagnostics) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, diagnostics, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes_, &usual);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  int Spawn(pid_t& child, const std::vector<std::string>& argv) {
    std::vector<std::string> copies = argv;
    std::vector<char*> pointers;
    pointers.reserve(copies.size() + 1);
    for (std::string& argument : copies) {
      pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    return posix_spawnp(&child, pointers.front(), &actions_, &attributes_, pointers.data(),
                        environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

void KeepNewest(std::string& kept, std::string_view piece) {
  kept.append(piece);
  // Twice the limit before it is cut: the cutting costs nothing on average.
  if (kept.size() > 2 * kChildOutputBytesMax) {
    kept.erase(0, kept.size() - kChildOutputBytesMax);
  }
}

void CutToLimit(std::string& kept) {
  if (kept.size() > kChildOutputBytesMax) {
    kept.erase(0, kept.size() - kChildOutputBytesMax);
  }
}

// Reads both ends until both are at their end.
void Collect(Descriptor output, Descriptor diagnostics, ChildResult& result,
             const std::function<void(std::string_view)>& on_diagnostics) {
  std::vector<char> buffer(kPieceBytes);
  while (output.open() || diagnostics.open()) {
    std::array<pollfd, 2> waiting{{{output.get(), POLLIN, 0}, {diagnostics.get(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) {
        continue;
      }
      const ssize_t count = ::read(waiting[i].fd, buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count <= 0) {
        (i == 0 ? output : diagnostics).Close();
        continue;
      }
      const std::string_view piece(buffer.data(), static_cast<std::size_t>(count));
      KeepNewest(i == 0 ? result.output : result.diagnostics, piece);
      if (i == 1 && on_diagnostics) {
        on_diagnostics(piece);
      }
    }
  }
}

int WaitFor(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return kSignalBase;
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalBase + WTERMSIG(status);
}

}  // namespace

Result<ChildResult> RunChild(const std::vector<std::string>& argv,
                             const std::function<void(std::string_view)>& on_diagnostics,
                             std::string_view input) {
  if (argv.empty() || argv.front().empty()) {
    return Error(ErrorCode::kInvalid, "child process: no program named");
  }
  if (input.size() > kChildInputBytesMax) {
    return Error(ErrorCode::kInvalid, Concat({argv.front(), ": too much input for a child"}));
  }
  Pipe given = Pipe::Make();
  Pipe output = Pipe::Make();
  Pipe diagnostics = Pipe::Make();
  if (!given.read.open() || !output.read.open() || !diagnostics.read.open() ||
      ::write(given.write.get(), input.data(), input.size()) < 0) {
    return Error(ErrorCode::kUnavailable,
                 Concat({argv.front(), ": no pipe to it: ", std::strerror(errno)}));
  }
  given.write.Close();
  pid_t child = 0;
  const int code =
      SpawnPlan(given.read.get(), output.write.get(), diagnostics.write.get()).Spawn(child, argv);
  if (code == ENOENT) {
    return Error(ErrorCode::kNotFound, Concat({argv.front(), ": no such program"}));
  }
  if (code != 0) {
    return Error(ErrorCode::kUnavailable,
                 Concat({argv.front(), ": cannot be started: ", std::strerror(code)}));
  }
  given.read.Close();
  output.write.Close();
  diagnostics.write.Close();
  ChildResult result;
  Collect(std::move(output.read), std::move(diagnostics.read), result, on_diagnostics);
  result.exit_code = WaitFor(child);
  CutToLimit(result.output);
  CutToLimit(result.diagnostics);
  return result;
}

}  // namespace drydock::publisher
