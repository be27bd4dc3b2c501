// What docs/faults.md says about each effect. The document is made of this and of EffectKinds.
// Threads: constants. Source: incidents.md 9.2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drydock::simulator {

struct EffectDoc {
  std::string_view effect;  // its name in EffectKinds
  std::string_view number;  // in incidents.md 9.2
  std::string_view does;
  // Member or value, and what it means.
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  std::string_view in_process;  // what a client in the same process meets
  std::string_view on_sockets;
  std::string_view example;  // a fault file; a PUT or a GET of a manifest makes it fire
};

const std::vector<EffectDoc>& EffectDocs();

// The whole document, in Markdown.
std::string FaultsDocument();

}  // namespace drydock::simulator
