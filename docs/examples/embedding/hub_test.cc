// A registry inside a test: the first manifest it is asked for meets a 503.
#include <cstdio>

#include "core/clock.h"
#include "core/journal.h"
#include "simulator/faults/fault_state.h"
#include "simulator/faults/read_rules.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/registry.h"
#include "simulator/storage/seed.h"
#include "simulator/world/internet.h"

using namespace drydock;
using namespace drydock::simulator;

namespace {

constexpr char kFaults[] = R"({"faults": [
  {"name": "busy", "when": {"operation": "manifest.get"}, "times": 1,
   "do": {"reply": {"status": 503}}}]})";

int Get(Internet& internet, const char* url) {
  Body none;
  const Result<Answer> answer =
      internet.Serve({"GET", Url::Parse(url).value(), {}, std::nullopt, {}}, none);
  return answer ? answer->response.status : 0;
}

}  // namespace

int main() {
  SystemClock clock;
  Journal journal(clock);
  FaultState faults(ParseFaultFile(kFaults, "faults").value(), 1);
  Internet internet(clock, journal, faults);
  Registry hub("registry.test", AnonymousPersonality(), clock, Rng(1), journal);
  Plant(ParseSeed(R"({"repositories": {"team/app": {"tags": {"v1": {}}}}})", "seed").value(),
        hub.store());
  internet.Attach("registry.test", hub);

  const int first = Get(internet, "https://registry.test/v2/team/app/manifests/v1");
  const int second = Get(internet, "https://registry.test/v2/team/app/manifests/v1");
  std::printf("%d, then %d\n", first, second);
  return first == 503 && second == 200 ? 0 : 1;
}
