// Asks one manifest so often in process, for callgrind to count:
//   handle_requests TIMES RULES MISS      MISS: 0 … 3, how the rules miss (bench/handled.h)
// Exit codes: 0 all answered, 1 one was not, 2 the command line is wrong.
#include <cstdio>
#include <string>

#include "bench/handled.h"
#include "core/text.h"

namespace drydock::bench {
namespace {

int Run(std::uint64_t times, std::size_t rules, Miss miss) {
  Handled handled(rules, miss);
  const Url url = Handled::Target(Handled::kManifest);
  for (std::uint64_t i = 0; i < times; ++i) {
    if (!handled.Serve("GET", url)) {
      std::fprintf(stderr, "handle_requests: a request was refused\n");
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace drydock::bench

int main(int argc, char** argv) {
  using drydock::ParseUnsigned;
  const auto times = argc == 4 ? ParseUnsigned(argv[1]) : std::nullopt;
  const auto rules = argc == 4 ? ParseUnsigned(argv[2]) : std::nullopt;
  const auto miss = argc == 4 ? ParseUnsigned(argv[3]) : std::nullopt;
  if (!times || !rules || !miss || *miss >= std::size(drydock::bench::kMisses)) {
    std::fprintf(stderr, "usage: handle_requests TIMES RULES MISS\n");
    return 2;
  }
  return drydock::bench::Run(*times, *rules, drydock::bench::kMisses[*miss]);
}
