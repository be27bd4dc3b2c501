// Pieces of the rule reader. Internal to the fault engine. Errors gather in the Source; what comes
// back after an error is not used. Threads: pure functions. Source: docs/fault-format.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "simulator/faults/rule.h"

namespace drydock::simulator::reading {

// "when": what a rule is about.
When ReadWhen(json::Source& source, const json::Value& value);

// "do": fills the rule's phase, answer and commit, and refuses what cannot go together.
void ReadDo(json::Source& source, const json::Value& value, FaultRule& rule);

// The members of an answer: status, headers, body.
Reply ReadReplyMembers(json::Source& source, json::ObjectReader& reader);
// The members of a pattern.
ExchangePattern ReadPattern(json::Source& source, json::ObjectReader& reader);

// Members of "do"; see effect_kind.h.
void ReadBytes(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadConnectFault(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadEarlyReply(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadHold(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadRawReply(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadRedirect(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadThrottle(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadCommit(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadReply(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadEditReply(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadCut(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadPolicy(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadBucket(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadActor(json::Source& source, const json::Value& value, FaultRule& rule);
void ReadReadView(json::Source& source, const json::Value& value, FaultRule& rule);

// The members "flip" and "truncate".
void ReadDamage(json::ObjectReader& reader, Damage& damage);

// Leaves the rule with those of its operations that fit one of `globs`; it can never match when
// that are none, which `about` explains.
void KeepOperations(json::Source& source, const json::Value& place, std::string_view about,
                    const std::vector<std::string>& globs, FaultRule& rule);

// "times": a number or an object.
Times ReadTimes(json::Source& source, const json::Value& value);

// Refuses a rule that can never match, naming the member that makes it so. `value` is the rule.
void CheckCanMatch(json::Source& source, const json::Value& value, const FaultRule& rule);

// An object of name to a glob, true (there is one) or false (there is none).
std::vector<ValueTest> ReadTests(json::Source& source, const json::Value& value,
                                 std::string_view what);
// "state": what the site must have.
StateTest ReadState(json::Source& source, const json::Value& value);

// A string or an array of strings.
bool ReadTexts(json::ObjectReader& reader, std::string_view key, std::vector<std::string>& into);
bool ReadKeys(json::ObjectReader& reader, std::string_view key, std::vector<Key>& into);

}  // namespace drydock::simulator::reading
