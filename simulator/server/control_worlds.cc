// The control API's answers about worlds, their time, and snapshots.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/traits.h"
#include "simulator/server/control_call.h"
#include "simulator/server/control_document.h"
#include "simulator/server/metrics.h"
#include "simulator/server/read_accounts.h"

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

// The hosts of the neighbours, by what they are.
Json NeighbourJson(const NeighbourContent& neighbours) {
  Json json = {{"hub-api", kHubApiHost}};
  if (neighbours.npm) {
    json["npm"] = neighbours.npm->host;
  }
  if (neighbours.forge) {
    json["forge"] = neighbours.forge->host;
  }
  return json;
}

Json WorldJson(const ControlContext& context, ServedWorld& world) {
  const std::string& name = world.spec().name;
  const Holdings held = world.Held();
  const WorldCounts counts = world.Counts();
  std::uint64_t requests = 0;
  for (const auto& [what, count] : counts.requests) {
    requests += count;
  }
  return {{"name", name},
          {"baseUrl", context.worlds.BaseUrl(name)},
          {"hosts", context.worlds.Hosts(name)},
          {"neighbours", NeighbourJson(world.spec().neighbours)},
          {"personality", world.spec().personality.name},
          {"traits", world.spec().traits},
          {"seed", world.spec().seed},
          {"journal", world.spec().journal_path.empty() ? Json() : Json(world.spec().journal_path)},
          {"now", FormatRfc3339(world.clock().Now())},
          {"requests", requests},
          {"repositories", held.repositories},
          {"tags", held.tags},
          {"blobs", held.blobs},
          {"blobBytes", held.blob_bytes},
          {"openUploads", held.open_uploads}};
}

// What a "make a world" document says.
struct WorldRequest {
  WorldSpec spec;
  WorldDoor door;
  std::string snapshot;
};

void ReadPersonality(json::ObjectReader& reader, WorldSpec& spec) {
  std::string name = AnonymousPersonality().name;
  reader.Read("personality", name);
  if (const auto found = FindPersonality(name)) {
    spec.personality = *found;
  } else {
    reader.Fail("personality",
                Concat({"unknown: \"", name, "\"; there are: ", Join(PersonalityNames(), ", ")}));
  }
}

void ReadTraits(json::Source& source, json::ObjectReader& reader, WorldSpec& spec) {
  const json::Value* traits = reader.Optional("traits");
  if (traits == nullptr) {
    return;
  }
  if (traits->as_object() == nullptr) {
    reader.Fail("traits",
                Concat({"expected an object of names and values, found: ", traits->Excerpt()}));
    return;
  }
  for (const json::Member& member : *traits->as_object()) {
    if (member.value.as_string() == nullptr) {
      source.Fail(member.line, Concat({"traits: \"", member.key,
                                       "\": expected a string, found: ", member.value.Excerpt()}));
    } else if (const Status set = SetTrait(spec.personality, member.key, *member.value.as_string());
               !set) {
      source.Fail(member.line, Concat({"traits: ", set.error().message()}));
    }
    spec.traits[member.key] = std::string(traits->Text(member.key));
  }
}

void ReadDoor(json::ObjectReader& reader, const Endpoint& usual, WorldDoor& door) {
  Endpoint endpoint = usual;
  const bool at_address = reader.Read("address", endpoint.address);
  std::uint64_t port = usual.port;
  const bool at_port = reader.Read("port", port);
  if (port > 65'535) {
    reader.Fail("port", Concat({"expected 0 to 65535, found: ", std::to_string(port)}));
  }
  endpoint.port = static_cast<std::uint16_t>(port);
  if (at_address || at_port) {
    door.endpoint = endpoint;
  }
  reader.Read("hosts", door.hosts);
}

// Where the file is, is the server's to say: whoever asks for a world has no say over its files.
void ReadJournal(const ControlContext& context, json::ObjectReader& reader, WorldSpec& spec) {
  bool wanted = false;
  if (!reader.Read("journal", wanted) || !wanted) {
    return;
  }
  if (context.journal_folder.empty()) {
    reader.Fail("journal", "this server was started without --journal-folder");
  } else if (Worlds::IsName(spec.name)) {
    spec.journal_path = Concat({context.journal_folder, "/", spec.name, ".jsonl"});
  }
}

Result<WorldRequest> ReadWorldRequest(const ControlCall& call) {
  const Result<json::Value> document = ReadDocument(call);
  if (!document) {
    return document.error();
  }
  json::Source source("body");
  WorldRequest request;
  json::ObjectReader reader(source, *document, "world");
  reader.Require("name", request.spec.name);
  ReadPersonality(reader, request.spec);
  ReadTraits(source, reader, request.spec);
  reader.Read("seed", request.spec.seed);
  if (const json::Value* accounts = reader.Optional("accounts")) {
    request.spec.accounts = ReadAccountList(source, *accounts);
  }
  ReadDoor(reader, call.context.usual, request.door);
  if (const json::Value* faults = reader.Optional("faults")) {
    request.spec.faults = ReadFaultRules(source, *faults);
    const ServedBy served = call.context.worlds.ServedAs(request.door);
    if (const Status servable = CheckServable(request.spec.faults, served); !servable) {
      source.Fail(faults->line(), servable.error().message());
    }
  }
  reader.Read("snapshot", request.snapshot);
  ReadJournal(call.context, reader, request.spec);
  request.spec.neighbours = ReadNeighbours(source, reader);
  reader.Finish();
  if (!source.ok()) {
    return source.status().error();
  }
  return request;
}

// {"MEMBER": "text"}; an empty document when `optional`.
Result<std::string> ReadOneText(const ControlCall& call, std::string_view what,
                                std::string_view member, bool optional) {
  const Result<json::Value> document = ReadDocument(call, optional);
  if (!document) {
    return document.error();
  }
  json::Source source("body");
  json::ObjectReader reader(source, *document, what);
  std::string text;
  if (!reader.Read(member, text) && !optional) {
    reader.Required(member);
  }
  reader.Finish();
  if (!source.ok()) {
    return source.status().error();
  }
  return text;
}

Json TimeJson(ServedWorld& world) {
  return {{"now", FormatRfc3339(world.clock().Now())},
          {"ahead", FormatDuration(world.clock().ahead())}};
}

std::string Dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Response GetDocument(ControlCall& /*call*/) {
  return ControlAnswer(200, std::string(kControlDocument));
}

Response GetMetrics(ControlCall& call) {
  ServerSample sample;
  sample.connections_taken = call.context.connections_taken();
  sample.connections_open = call.context.connections_open();
  if (call.context.memory != nullptr) {
    sample.memory_used = call.context.memory->used();
    sample.memory_max = call.context.memory->bytes_max();
  }
  for (const Worlds::Shared& world : call.context.worlds.All()) {
    sample.worlds.push_back(
        {world->spec().name, world->Counts(), world->Held(), world->faults().Counts()});
  }
  Response response = ControlAnswer(200, ToMetrics(sample));
  response.headers.Set("Content-Type", kMetricsType);
  return response;
}

Response ListWorlds(ControlCall& call) {
  Json list = Json::array();
  for (const Worlds::Shared& world : call.context.worlds.All()) {
    list.push_back(WorldJson(call.context, *world));
  }
  return ControlAnswer(200, Dump({{"worlds", std::move(list)}}));
}

Response MakeWorld(ControlCall& call) {
  Result<WorldRequest> request = ReadWorldRequest(call);
  if (!request) {
    return ErrorAnswer(request.error());
  }
  const Result<Worlds::Shared> made = call.context.worlds.Make(
      std::move(request->spec), std::move(request->door), request->snapshot);
  if (!made) {
    return ErrorAnswer(made.error());
  }
  Response response = ControlAnswer(201, Dump(WorldJson(call.context, **made)));
  response.headers.Add("Location", Concat({kControlPrefix, "/worlds/", (*made)->spec().name}));
  return response;
}

Response GetWorld(ControlCall& call) {
  return ControlAnswer(200, Dump(WorldJson(call.context, *call.world)));
}

Response DropWorld(ControlCall& call) {
  const Status dropped = call.context.worlds.Drop(call.names[0]);
  return dropped ? NoContent() : ErrorAnswer(dropped.error());
}

Response ResetWorld(ControlCall& call) {
  const Result<std::string> snapshot = ReadOneText(call, "reset", "snapshot", true);
  if (!snapshot) {
    return ErrorAnswer(snapshot.error());
  }
  const Result<Worlds::Shared> fresh = call.context.worlds.Reset(call.names[0], *snapshot);
  return fresh ? ControlAnswer(200, Dump(WorldJson(call.context, **fresh)))
               : ErrorAnswer(fresh.error());
}

Response GetTime(ControlCall& call) { return ControlAnswer(200, Dump(TimeJson(*call.world))); }

Response AdvanceTime(ControlCall& call) {
  const Result<json::Value> document = ReadDocument(call);
  if (!document) {
    return ErrorAnswer(document.error());
  }
  json::Source source("body");
  json::ObjectReader reader(source, *document, "time");
  Duration span{};
  if (reader.Require("advance", span) && !call.world->clock().Advance(span)) {
    reader.Fail("advance", "too far ahead");
  }
  reader.Finish();
  if (!source.ok()) {
    return ErrorAnswer(source.status().error());
  }
  call.world->Settle();
  return ControlAnswer(200, Dump(TimeJson(*call.world)));
}

Response ListSnapshots(ControlCall& call) {
  return ControlAnswer(200, Dump({{"snapshots", call.context.worlds.Snapshots()}}));
}

Response KeepSnapshot(ControlCall& call) {
  const Result<std::string> world = ReadOneText(call, "snapshot", "world", false);
  if (!world) {
    return ErrorAnswer(world.error());
  }
  const Status kept = call.context.worlds.Keep(call.names[0], *world);
  return kept ? ControlAnswer(201, Dump({{"name", call.names[0]}, {"world", *world}}))
              : ErrorAnswer(kept.error());
}

Response DropSnapshot(ControlCall& call) {
  return call.context.worlds.DropSnapshot(call.names[0])
             ? NoContent()
             : ErrorAnswer(404, Concat({"there is no snapshot \"", call.names[0], "\""}));
}

}  // namespace drydock::simulator
