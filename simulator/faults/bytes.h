// The effect "bytes": content is changed on its way in or out or where it is kept, and nobody says
// so. Threads: plain values and pure functions. Source: incidents.md 9.2 (P17).
#pragma once

#include <string>

#include "simulator/damage.h"

namespace drydock::simulator {

struct ChangeBytes {
  Damage damage;
  bool gzip = false;     // the answer's body is really coded, before the damage
  std::string encoding;  // a Content-Encoding the answer claims; "" for none
  bool stored = false;   // the damage is done to what was just stored, and not to the answer
};

std::string Describe(const ChangeBytes& change);

}  // namespace drydock::simulator
