// Measures the hash against its marks and peers and writes docs/performance-hash.md with its plot:
//   hash_report FOLDER-FOR-TREES FOLDER-FOR-THE-REPORT [--full]
// Exit codes: 0 written, whatever the verdicts; 1 something failed; 2 the command line is wrong.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "bench/grid.h"
#include "bench/machine.h"
#include "bench/report.h"
#include "bench/trial.h"
#include "core/clock.h"
#include "core/text.h"

namespace drydock::bench {
namespace {

std::string Machine(const std::string& folder, const std::string& load_before) {
  return Concat({MachineLines({Output("git --version")}), "- trees on ", FileSystemOf(folder),
                 "; page cache dropped ", DropWords(), "\n- load average before: ", load_before,
                 "; after: ", Load(), "\n"});
}

bool Write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

int Run(const std::string& trees, const std::string& docs, bool full) {
  std::error_code failure;
  std::filesystem::create_directories(trees, failure);
  if (failure) {
    std::fprintf(stderr, "hash_report: %s: %s\n", trees.c_str(), failure.message().c_str());
    return 1;
  }
  const std::string load_before = Load();
  std::vector<Measured> measured;
  bool complete = true;
  for (const Case& made : Grid(full)) {
    const std::string folder = Concat({trees, "/", std::to_string(measured.size())});
    std::filesystem::remove_all(folder, failure);  // of a run that was ended
    measured.push_back(MeasureCase(made, folder));
    complete = complete && measured.back().failure.empty();
  }
  Surroundings surroundings;
  surroundings.when = FormatRfc3339(SystemClock().Now());
  surroundings.machine = Machine(trees, load_before);
  surroundings.command = full ? "./dev bench --full" : "./dev bench";
  std::printf("\n");
  for (const Verdict& verdict : Judge(measured)) {
    std::printf("%-15s %s: %s\n", Words(verdict).c_str(), verdict.target.c_str(),
                verdict.found.c_str());
  }
  const bool written = Write(docs + "/performance-hash.md", Markdown(measured, surroundings)) &&
                       Write(trees + "/scaling.dat", PlotData(measured));
  return complete && written ? 0 : 1;
}

}  // namespace
}  // namespace drydock::bench

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool full = words.size() == 3 && words[2] == "--full";
  if (words.size() != 2 && !full) {
    std::fprintf(stderr, "usage: hash_report FOLDER-FOR-TREES FOLDER-FOR-THE-REPORT [--full]\n");
    return 2;
  }
  // The measured commands run in folders of their own.
  return drydock::bench::Run(std::filesystem::absolute(words[0]).string(), words[1], full);
}
