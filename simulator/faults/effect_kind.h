// The effects that a rule's "do" can name, one row each: how it is read and where it may act. An
// effect is a header and a source of its own, an alternative of FaultRule::answer, and a row here.
// Threads: constants. Source: incidents.md 9.2.
#pragma once

#include <string_view>
#include <vector>

#include "core/json.h"
#include "simulator/faults/rule.h"

namespace drydock::simulator {

struct EffectKind {
  // Whether, within a body, it acts at a byte, which "after-bytes" says.
  enum class AtByte { kNever, kMaySay, kMustSay };  // kMaySay: at byte 0 if it is not said

  std::string_view name;  // the member of "do"
  // Puts the effect into the rule. What is wrong gathers in the source.
  void (*read)(json::Source& source, const json::Value& value, FaultRule& rule) = nullptr;
  std::vector<Phase> phases = {};  // where it may act: at the first, unless "at" says otherwise
  bool must_say_phase = false;     // none of them goes without saying
  AtByte at_byte = AtByte::kNever;
  bool beside = false;       // it may stand beside another effect, and then acts where that does
  bool with_commit = false;  // "commit" may stand beside it
  bool silent = false;       // it answers nothing; see FaultRule::beside
};

// In the order in which messages and documents name them.
const std::vector<EffectKind>& EffectKinds();

}  // namespace drydock::simulator
