#include "simulator/faults/effect_kind.h"

#include "simulator/faults/rule_reader.h"

namespace drydock::simulator {
namespace {

using enum Phase;
using AtByte = EffectKind::AtByte;

const std::vector<Phase> kEverywhere = {kRequestHead, kRequestBody,  kSessionBody,
                                        kDecide,      kResponseHead, kResponseBody};

}  // namespace

const std::vector<EffectKind>& EffectKinds() {
  static const std::vector<EffectKind> kinds = {
      {.name = "reply",
       .read = reading::ReadReply,
       .phases = {kDecide, kRequestHead},
       .with_commit = true},
      {.name = "edit-reply", .read = reading::ReadEditReply, .phases = {kResponseHead}},
      {.name = "early-reply",
       .read = reading::ReadEarlyReply,
       .phases = {kRequestBody, kRequestHead, kSessionBody},
       .at_byte = AtByte::kMaySay},
      {.name = "raw-reply",
       .read = reading::ReadRawReply,
       .phases = {kDecide, kRequestHead},
       .with_commit = true},
      {.name = "redirect",
       .read = reading::ReadRedirect,
       .phases = {kDecide, kRequestHead},
       .with_commit = true},
      {.name = "bytes", .read = reading::ReadBytes, .phases = {kResponseHead, kRequestBody}},
      {.name = "cut",
       .read = reading::ReadCut,
       .phases = kEverywhere,
       .must_say_phase = true,
       .at_byte = AtByte::kMustSay,
       .with_commit = true},
      {.name = "connect-fault",
       .read = reading::ReadConnectFault,
       .phases = {kLookup, kTcp, kTls, kRequestHead, kResponseHead}},
      {.name = "throttle", .read = reading::ReadThrottle, .phases = {kRequestHead, kResponseHead}},
      {.name = "policy", .read = reading::ReadPolicy, .phases = {kAdmit}, .silent = true},
      {.name = "read-view", .read = reading::ReadReadView, .phases = {kAdmit}, .silent = true},
      {.name = "bucket", .read = reading::ReadBucket, .phases = {kAdmit}, .silent = true},
      {.name = "actor",
       .read = reading::ReadActor,
       .phases = {kResponseHead, kDecide, kAdmit},
       .silent = true},
      {.name = "hold",
       .read = reading::ReadHold,
       .phases = kEverywhere,
       .must_say_phase = true,
       .at_byte = AtByte::kMustSay,
       .beside = true},
      {.name = "commit", .read = reading::ReadCommit, .beside = true, .with_commit = true},
  };
  return kinds;
}

}  // namespace drydock::simulator
