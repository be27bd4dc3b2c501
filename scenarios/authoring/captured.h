// What the exchanges of a capture were about, and which of them failed. Internal to import.
// Threads: pure functions. Source: simulator/registry/route.h; docs/import.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/authoring/har_reader.h"

namespace drydock::scenarios::importing {

struct Named {
  const CapturedExchange* exchange = nullptr;
  std::string operation;  // "" when no server of drydock's has such a route
  std::string repository;
  std::string reference;
  bool by_digest = false;
  bool challenge = false;  // a 401 that asks for credentials the request did not carry
  bool failed = false;
};

struct Hosts {
  std::string npm;    // "npm.test"
  std::string forge;  // "" when there is none
};

// One for each exchange, in order.
std::vector<Named> NameExchanges(const Capture& capture, const Hosts& hosts);

// The fault rules that make the same failures at the same requests, as members of a "faults" array
// in JSON, one text each. `repository` is the one that the scenario publishes; `notes` gets what no
// rule says.
std::vector<std::string> RulesFor(const std::vector<Named>& exchanges, std::string_view pushed,
                                  std::string_view repository, std::vector<std::string>& notes);

// The repository that most writes of the capture go to; "" without any.
std::string PushedRepository(const std::vector<Named>& exchanges);

}  // namespace drydock::scenarios::importing
