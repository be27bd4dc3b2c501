#include "simulator/faults/effect_kind.h"

#include "simulator/faults/rule_reader.h"

namespace drydock::simulator {

const std::vector<EffectKind>& EffectKinds() {
  using enum Phase;
  static const std::vector<EffectKind> kinds = {
      {.name = "reply", .read = reading::ReadReply, .phases = {kDecide, kRequestHead}},
      {.name = "edit-reply", .read = reading::ReadEditReply, .phases = {kResponseHead}},
      {.name = "cut",
       .read = reading::ReadCut,
       .phases = {kRequestHead, kRequestBody, kDecide, kResponseHead, kResponseBody},
       .must_say_phase = true,
       .at_byte = true},
  };
  return kinds;
}

}  // namespace drydock::simulator
