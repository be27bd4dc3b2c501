// The real `drydock serve` as a child of the test, on a port of its own. Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/child.h"
#include "tests/support/temp_folder.h"

namespace drydock::testing {

// One request as the server's journal has it.
struct Seen {
  std::string method;
  std::string operation;
  std::string repository;
  std::string reference;
  int status = 0;
};

class Served {
 public:
  // Starts with `flags` beside those for port, ready file and journal, and waits until it answers.
  explicit Served(const std::vector<std::string>& flags = {});
  // As above with `faults` as the text of a fault file.
  static std::unique_ptr<Served> WithFaults(std::string_view faults);

  const TempFolder& folder() const { return folder_; }
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return child_->pid(); }
  // "docker://127.0.0.1:40123/NAME"
  std::string Docker(std::string_view name) const;
  // Requests so far, in order.
  std::vector<Seen> Requests() const;
  // The same as one line: "ping 200, blob.head 404, …".
  std::string Sequence() const;
  std::string JournalText() const { return ReadFile(folder_.path() / "journal.jsonl"); }

  // Ends it with `signal` and gives its exit code; out() and err() hold what it printed.
  int Stop(int signal);
  const std::string& out() const { return child_->out(); }
  const std::string& err() const { return child_->err(); }

 private:
  TempFolder folder_;
  std::unique_ptr<Child> child_;
  std::uint16_t port_ = 0;
};

// Runs a client to its end and gives its exit code; `said`, if given, gets both its outputs.
int RunClient(const std::vector<std::string>& argv, std::string* said = nullptr,
              const std::vector<std::string>& environment = {});

}  // namespace drydock::testing
