#include "bench/servers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <utility>

#include "bench/trial.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/text.h"

namespace drydock::bench {
namespace {

constexpr Duration kPatience = std::chrono::seconds(20);
constexpr Duration kBetweenTries = std::chrono::microseconds(200);

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// One that nobody has at the moment.
std::uint16_t FreePort() {
  const OwnedFile socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  const bool bound = ::bind(socket.descriptor(), plain, size) == 0 &&
                     ::getsockname(socket.descriptor(), plain, &size) == 0;
  return bound ? ntohs(address.sin_port) : 0;
}

// Whether a server there answers GET `path` with HTTP.
bool Answers(std::uint16_t port, const std::string& path) {
  const OwnedFile socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(port);
  if (::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
      0) {
    return false;
  }
  const std::string asked = Concat({"GET ", path, " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"});
  char answer[8] = {};
  return ::send(socket.descriptor(), asked.data(), asked.size(), MSG_NOSIGNAL) > 0 &&
         ::recv(socket.descriptor(), answer, sizeof answer, 0) > 0 && answer[0] == 'H';
}

// Says nothing, and ends with this process.
pid_t Spawn(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    const int nothing = ::open("/dev/null", O_RDWR);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(nothing, STDOUT_FILENO);
    ::dup2(nothing, STDERR_FILENO);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  return child;
}

void End(pid_t child) {
  ::kill(child, SIGTERM);
  ::waitpid(child, nullptr, 0);
}

std::string Url(std::uint16_t port) { return Concat({"http://127.0.0.1:", std::to_string(port)}); }

bool Write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const std::vector<std::string>& argv,
                                              std::string url) {
  const std::size_t colon = url.rfind(':');
  const auto port = static_cast<std::uint16_t>(std::strtoul(url.c_str() + colon + 1, nullptr, 10));
  std::unique_ptr<Server> server(new Server(Spawn(argv), std::move(url)));
  SystemClock clock;
  const Deadline until = clock.Elapsed() + kPatience;
  while (!Answers(port, "/v2/")) {
    if (clock.Elapsed() > until || ::waitpid(server->pid_, nullptr, WNOHANG) != 0) {
      return Error(ErrorCode::kTimeout, Concat({argv.front(), ": does not answer"}));
    }
    if (Status slept = clock.SleepFor(kBetweenTries); !slept) {
      return slept.error();
    }
  }
  return server;
}

Server::~Server() { End(pid_); }

std::uint64_t Server::PeakBytes() const {
  const std::string kilobytes =
      Output(Concat({"awk '/^VmHWM/ {print $2}' /proc/", std::to_string(pid_), "/status"}));
  return std::strtoull(kilobytes.c_str(), nullptr, 10) * 1024;
}

Result<std::unique_ptr<Server>> StartDrydock(const std::string& program, const std::string& store) {
  const std::uint16_t port = FreePort();
  std::vector<std::string> argv = {program, "serve", "--port", std::to_string(port)};
  if (!store.empty()) {
    argv.insert(argv.end(), {"--store", store});
  }
  return Server::Start(argv, Url(port));
}

Result<std::unique_ptr<Server>> StartNginx(const std::string& folder) {
  const std::uint16_t port = FreePort();
  const std::string configuration = Concat({folder, "/nginx.conf"});
  std::string temporary;
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    temporary += Concat({kind, "_temp_path ", folder, "/", kind, ";\n"});
  }
  const bool written = Write(
      configuration,
      Concat({"daemon off;\nworker_processes auto;\nuser root;\npid ", folder, "/nginx.pid;\n",
              "error_log ", folder, "/error.log;\nevents {}\nhttp {\naccess_log off;\n",
              "sendfile on;\ntcp_nopush on;\nkeepalive_requests 1000000000;\n", temporary,
              "server {\nlisten 127.0.0.1:", std::to_string(port), ";\n",
              "location = /fixed { return 200 \"fixed\\n\"; }\nlocation / { root ", folder,
              "; }\n}\n}\n"}));
  if (!written) {
    return Error(ErrorCode::kUnavailable, configuration + ": cannot be written");
  }
  return Server::Start({"nginx", "-c", configuration, "-p", folder}, Url(port));
}

Result<std::unique_ptr<Server>> StartDockerRegistry(const std::string& folder) {
  const std::uint16_t port = FreePort();
  const std::string configuration = Concat({folder, "/registry.yml"});
  const bool written =
      Write(configuration,
            Concat({"version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\n",
                    "storage:\n  filesystem:\n    rootdirectory: ", folder, "/registry\n",
                    "http:\n  addr: 127.0.0.1:", std::to_string(port), "\n"}));
  if (!written) {
    return Error(ErrorCode::kUnavailable, configuration + ": cannot be written");
  }
  return Server::Start({"docker-registry", "serve", configuration}, Url(port));
}

Result<double> SecondsToFirstAnswer(const std::string& program) {
  const std::uint16_t port = FreePort();
  SystemClock clock;
  const Duration begin = clock.Elapsed();
  const pid_t child = Spawn({program, "serve", "--port", std::to_string(port)});
  bool answered = false;
  while (!answered && clock.Elapsed() - begin < kPatience) {
    answered = Answers(port, "/v2/");
    if (!answered) {
      static_cast<void>(clock.SleepFor(kBetweenTries));
    }
  }
  const Duration took = clock.Elapsed() - begin;
  End(child);
  if (!answered) {
    return Error(ErrorCode::kTimeout, Concat({program, " serve: does not answer"}));
  }
  return std::chrono::duration<double>(took).count();
}

}  // namespace drydock::bench
