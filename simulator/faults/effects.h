// Effects on answers: the scripted reply, the edited reply, and the pages servers in front of a
// registry answer with. Threads: pure functions. Source: incidents.md 9.2 (P1, P2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http.h"
#include "simulator/faults/fault_state.h"
#include "simulator/faults/rule.h"

namespace drydock::simulator {

// `text` with "{repository}", "{reference}", "{digest}", "{digest-tag}", "{session}" and "{origin}"
// filled in.
std::string Filled(std::string text, const Sight& sight);

// P1: the reply with its placeholders filled in.
Response Render(const Reply& reply, const Sight& sight);

// P2: changes `response`; false when it was like that already, so that nobody can notice.
bool Apply(const EditReply& edit, const Sight& sight, Response& response);

// Names of the pages; each is an HTML answer with its own header fields and reason phrase.
std::vector<std::string> PageNames();
// nullopt for an unknown name.
std::optional<Reply> Page(std::string_view name, int status);

// The registry's own form of an error (distribution-spec "Error Codes").
Reply RegistryError(int status, std::string_view code, std::string_view message);

}  // namespace drydock::simulator
