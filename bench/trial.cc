#include "bench/trial.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/clock.h"
#include "core/text.h"

namespace drydock::bench {
namespace {

struct Answer {
  double seconds = 0;
  std::array<char, 512> failure{};  // "" when there is none
};

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

void KeepProcessors(unsigned cores) {
  cpu_set_t allowed;
  if (cores == 0 || ::sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
    return;
  }
  cpu_set_t kept;
  CPU_ZERO(&kept);
  for (int processor = 0; processor < CPU_SETSIZE && cores > 0; ++processor) {
    if (CPU_ISSET(processor, &allowed)) {
      CPU_SET(processor, &kept);
      --cores;
    }
  }
  ::sched_setaffinity(0, sizeof kept, &kept);
}

[[noreturn]] void Work(const std::function<Status()>& work, unsigned cores, int answers) {
  KeepProcessors(cores);
  SystemClock clock;
  Answer answer;
  const Duration start = clock.Elapsed();
  const Status done = work();
  answer.seconds = std::chrono::duration<double>(clock.Elapsed() - start).count();
  if (!done) {
    std::snprintf(answer.failure.data(), answer.failure.size(), "%s",
                  done.error().message().c_str());
  }
  const bool told = ::write(answers, &answer, sizeof answer) == sizeof answer;
  ::_exit(told ? 0 : 1);
}

}  // namespace

Result<Trial> Measure(const std::function<Status()>& work, unsigned cores) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    return Error(ErrorCode::kUnavailable, Concat({"trial: no pipe: ", std::strerror(errno)}));
  }
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    Work(work, cores, ends[1]);
  }
  ::close(ends[1]);
  Answer answer;
  const bool told = child > 0 && ::read(ends[0], &answer, sizeof answer) == sizeof answer;
  ::close(ends[0]);
  rusage used{};
  int status = 0;
  if (child > 0) {
    ::wait4(child, &status, 0, &used);
  }
  if (!told || status != 0) {
    return Error(ErrorCode::kUnavailable, "trial: its process did not answer");
  }
  if (answer.failure[0] != '\0') {
    return Error(ErrorCode::kUnavailable, answer.failure.data());
  }
  Trial trial;
  trial.seconds = answer.seconds;
  trial.cpu_seconds = Seconds(used.ru_utime) + Seconds(used.ru_stime);
  trial.peak_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  return trial;
}

Status Shell(const std::string& in, const std::string& command) {
  const std::string text = Concat({"cd ", Quoted(in), " && export LC_ALL=C && ", command});
  if (std::system(text.c_str()) != 0) {
    return Error(ErrorCode::kUnavailable, Concat({"shell: failed: ", command}));
  }
  return Ok();
}

std::string Output(const std::string& command) {
  FILE* shell = ::popen(command.c_str(), "r");
  if (shell == nullptr) {
    return "";
  }
  std::string text;
  std::array<char, 4096> piece{};
  for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), shell)) > 0;) {
    text.append(piece.data(), got);
  }
  return ::pclose(shell) == 0 ? std::string(Trim(text)) : "";
}

std::string Quoted(const std::string& text) {
  return Concat({"'", ReplaceAll(text, "'", "'\\''"), "'"});
}

}  // namespace drydock::bench
