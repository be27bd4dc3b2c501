#include "tests/support/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/clock.h"

extern char** environ;

namespace drydock::testing {
namespace {

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Child::Child(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
             std::string_view install)
    : program_(argv.front()) {
  std::vector<std::string> arguments = argv;
  std::vector<std::string> variables = environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  int writing[2] = {-1, -1};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  for (int i = 0; i < 2; ++i) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(0, ::pipe2(ends, O_CLOEXEC));
    pipes_[i] = ends[0];
    writing[i] = ends[1];
    ::posix_spawn_file_actions_adddup2(&actions, writing[i],
                                       i == 0 ? STDOUT_FILENO : STDERR_FILENO);
  }
  const int error = ::posix_spawnp(&pid_, program_.c_str(), &actions, nullptr,
                                   Pointers(arguments).data(), Pointers(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(writing[0]);
  ::close(writing[1]);
  if (error != 0) {
    pid_ = -1;
    ADD_FAILURE() << program_ << " cannot be started: " << std::strerror(error) << "; " << install;
  }
}

Child::~Child() {
  if (running()) {
    Signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(pipes_[0]);
  ::close(pipes_[1]);
}

void Child::Signal(int number) const {
  if (running()) {
    ::kill(pid_, number);
  }
}

bool Child::Read(std::chrono::milliseconds span) {
  std::array<pollfd, 2> waiting = {{{pipes_[0], POLLIN, 0}, {pipes_[1], POLLIN, 0}}};
  if (::poll(waiting.data(), waiting.size(), static_cast<int>(span.count())) <= 0) {
    return true;
  }
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (waiting[i].revents == 0) {
      continue;
    }
    std::array<char, 16'384> piece;
    const ssize_t got = ::read(pipes_[i], piece.data(), piece.size());
    if (got > 0) {
      texts_[i].append(piece.data(), static_cast<std::size_t>(got));
    } else {
      ::close(pipes_[i]);
      pipes_[i] = -1;
    }
  }
  return pipes_[0] >= 0 || pipes_[1] >= 0;
}

int Child::Wait(std::chrono::seconds patience) {
  if (!running()) {
    return -1;
  }
  SystemClock clock;
  const Deadline until = clock.Elapsed() + patience;
  bool more = true;
  while (more && clock.Elapsed() < until) {
    more = Read(std::chrono::milliseconds(200));
  }
  if (more) {
    ADD_FAILURE() << program_ << " did not end in time; it said: " << out() << err();
    Signal(SIGKILL);
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace drydock::testing
