// A program run by a test: started, watched, ended by its id. Threads: one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::testing {

class Child {
 public:
  // Starts `argv` (found in PATH) with empty standard input and `environment` ("NAME=value") added
  // to this process's. A program that cannot be started is a test failure that names it, with
  // `install` as the advice, and running() is false.
  explicit Child(const std::vector<std::string>& argv,
                 const std::vector<std::string>& environment = {}, std::string_view install = "");
  ~Child();  // kills what still runs
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  void Signal(int number) const;
  // Reads what it prints until it ends, and gives its exit code (128 + the signal that ended it). A
  // child that takes longer than `patience` is killed, which is a test failure.
  int Wait(std::chrono::seconds patience = std::chrono::seconds(60));
  // Reads what it prints for `span` at most; false once it ended both outputs.
  bool Read(std::chrono::milliseconds span);

  const std::string& out() const { return texts_[0]; }
  const std::string& err() const { return texts_[1]; }

 private:
  std::string program_;
  pid_t pid_ = -1;
  int pipes_[2] = {-1, -1};  // its standard output and error
  std::string texts_[2];
};

}  // namespace drydock::testing
