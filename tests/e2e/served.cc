#include "tests/e2e/served.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "core/clock.h"
#include "core/json.h"
#include "core/text.h"

namespace drydock::testing {
namespace {

constexpr char kReady[] = "ready";

std::vector<std::string> CommandLine(const TempFolder& folder,
                                     const std::vector<std::string>& flags) {
  std::vector<std::string> argv = {
      DRYDOCK_PROGRAM, "serve",           "--port",    "0",
      "--ready-file",  folder.At(kReady), "--journal", folder.At("journal.jsonl")};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return argv;
}

}  // namespace

Served::Served(const std::vector<std::string>& flags) {
  const int watch = ::inotify_init1(IN_CLOEXEC);
  EXPECT_GE(::inotify_add_watch(watch, folder_.path().c_str(), IN_MOVED_TO), 0);
  child_ = std::make_unique<Child>(CommandLine(folder_, flags));
  const Deadline until = SystemClock().Elapsed() + std::chrono::seconds(30);
  while (!std::filesystem::exists(folder_.At(kReady)) && SystemClock().Elapsed() < until) {
    pollfd moved{watch, POLLIN, 0};
    if (::poll(&moved, 1, 200) == 0 && !child_->Read(std::chrono::milliseconds(0))) {
      break;  // it ended
    }
  }
  ::close(watch);
  const std::string url = ReadFile(folder_.At(kReady));
  port_ = static_cast<std::uint16_t>(std::atoi(url.substr(url.rfind(':') + 1).c_str()));
  EXPECT_EQ(Concat({"://127.0.0.1:", std::to_string(port_), "\n"}),
            url.substr(std::min(url.find(':'), url.size())))
      << "the server did not start: " << err();
}

std::unique_ptr<Served> Served::WithFaults(std::string_view faults) {
  const TempFolder folder;
  return std::make_unique<Served>(
      std::vector<std::string>{"--faults", folder.Write("faults.json", faults)});
}

std::string Served::Docker(std::string_view name) const {
  return Concat({"docker://127.0.0.1:", std::to_string(port_), "/", name});
}

std::vector<Seen> Served::Requests() const {
  std::vector<Seen> requests;
  for (const std::string& line : Split(JournalText(), '\n')) {
    const Result<json::Value> event = json::Parse(line, "journal");
    if (event && event->Text("event") == "exchange") {
      const json::Value* status = event->Find("status");
      requests.push_back(
          {.method = std::string(event->Text("method")),
           .operation = std::string(event->Text("operation")),
           .repository = std::string(event->Text("repository")),
           .reference = std::string(event->Text("reference")),
           .status = status == nullptr ? 0 : static_cast<int>(status->as_integer().value_or(0))});
    }
  }
  return requests;
}

std::string Served::Sequence() const {
  std::vector<std::string> names;
  for (const Seen& request : Requests()) {
    names.push_back(Concat({request.operation, " ", std::to_string(request.status)}));
  }
  return Join(names, ", ");
}

int Served::Stop(int signal) {
  child_->Signal(signal);
  return child_->Wait();
}

int RunClient(const std::vector<std::string>& argv, std::string* said,
              const std::vector<std::string>& environment) {
  Child client(argv, environment, Concat({"install it with: apt-get install ", argv.front()}));
  const int exit_code = client.Wait(std::chrono::seconds(90));
  if (said != nullptr) {
    *said = client.out() + client.err();
  }
  return exit_code;
}

}  // namespace drydock::testing
