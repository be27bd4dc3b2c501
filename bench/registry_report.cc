// Measures the fake Hub against OpenSSL, nginx and Debian's docker-registry and writes
// docs/performance.md:
//   registry_report DRYDOCK-PROGRAM FOLDER FOLDER-FOR-THE-REPORT [MEBIBYTES [ROUNDS]]
// FOLDER is where stores and files lie while it runs, ten times the size and more (1024 MiB).
// Exit codes: 0 written, whatever the verdicts; 1 something failed; 2 the command line is wrong.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/contest.h"
#include "core/text.h"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto number = [&words](std::size_t at, std::uint64_t usual) {
    return words.size() > at ? drydock::ParseUnsigned(words[at]).value_or(0) : usual;
  };
  const drydock::bench::ContestSize size{number(3, 1024), number(4, 5)};
  if (words.size() < 3 || words.size() > 5 || size.mebibytes == 0 || size.rounds == 0) {
    std::fprintf(stderr,
                 "usage: registry_report DRYDOCK-PROGRAM FOLDER FOLDER-FOR-THE-REPORT "
                 "[MEBIBYTES [ROUNDS]]\n");
    return 2;
  }
  const drydock::Status done =
      drydock::bench::RunContest(std::filesystem::absolute(words[0]).string(),
                                 std::filesystem::absolute(words[1]).string(), words[2], size);
  if (!done) {
    std::fprintf(stderr, "registry_report: %s\n", done.error().message().c_str());
  }
  return done ? 0 : 1;
}
