// Fault files: whatever a file says, it is refused with a place, or its rules can be asked about an
// exchange.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "simulator/faults/effects.h"
#include "simulator/faults/fault_state.h"
#include "simulator/faults/read_rules.h"

namespace {

using drydock::simulator::FaultState;
using drydock::simulator::Phase;
using drydock::simulator::Reply;
using drydock::simulator::RequestHead;
using drydock::simulator::Route;
using drydock::simulator::Sight;

void Ask(FaultState& faults) {
  RequestHead head;
  head.method = "PUT";
  head.headers = {{"Accept", "application/json"}, {"Content-Type", "application/json; x=y"}};
  const Route route{"manifest.put", "a/b", "latest", ""};
  const std::string manifest = R"({"config": {"mediaType": "x"}, "layers": [{"mediaType": "y"}]})";
  const Sight sight{head, route, {}, 201, &manifest};
  faults.Observe(sight);
  for (const Phase phase : {Phase::kRequestHead, Phase::kRequestBody, Phase::kDecide,
                            Phase::kResponseHead, Phase::kResponseBody}) {
    const auto position = faults.NextPosition(phase, sight, 0);
    const auto firing =
        position ? faults.OfferBytes(phase, sight, 0, *position) : faults.Offer(phase, sight);
    if (!firing) {
      continue;
    }
    faults.MarkSeen(*firing->rule);
    if (const auto* reply = std::get_if<Reply>(&firing->rule->answer)) {
      (void)Render(*reply, sight);
    }
    if (Describe(*firing->rule).empty()) {
      std::abort();
    }
  }
  for (const auto& count : faults.Counts()) {
    if (count.fired > count.matched || count.matched > count.offered || count.seen > count.fired) {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto rules = drydock::simulator::ParseFaultFile(text, "fuzz.json");
  if (!rules) {
    if (rules.error().message().rfind("fuzz.json:", 0) != 0) {
      std::abort();
    }
    return 0;
  }
  FaultState faults(std::move(*rules), 1);
  Ask(faults);
  Ask(faults);
  return 0;
}
